//! The sandbox held against the vendor's documented shapes, through a client
//! that knows nothing of ours.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod changes;
mod faults;
mod lists;
#[path = "../peculiar/mod.rs"]
mod peculiar;
mod shapes;
mod visibility;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use hris_humaans::sandbox::{Sandbox, Token};
use serde_json::Value;

/// A client that adds a token and nothing else.
struct Api {
    address: SocketAddr,
    token: String,
}

/// What came back.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).unwrap().1
    }
}

impl Api {
    fn new(sandbox: &Sandbox) -> Self {
        Self::with(sandbox, sandbox.token())
    }

    fn with(sandbox: &Sandbox, token: &str) -> Self {
        Self { address: sandbox.address(), token: token.to_owned() }
    }

    fn issued(sandbox: &Sandbox, token: Token) -> Self {
        Self::with(sandbox, &sandbox.issue_token(token))
    }

    fn ask(&self, method: &str, path: &str, authorization: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let host = self.address;
        write!(
            stream,
            "{method} /api{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{authorization}\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: answer[end + 4..].to_vec() }
    }

    async fn raw(&self, path: &str) -> Answer {
        self.ask("GET", path, &format!("Authorization: Bearer {}\r\n", self.token))
    }

    async fn status(&self, path: &str) -> u16 {
        self.raw(path).await.status
    }

    /// A good answer, parsed.
    async fn get(&self, path: &str) -> Value {
        let answer = self.raw(path).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.json()
    }

    async fn total(&self, path: &str) -> u64 {
        self.get(path).await["total"].as_u64().unwrap()
    }

    /// Every row of a list, page by page.
    async fn all(&self, path: &str) -> Vec<Value> {
        let mut rows: Vec<Value> = Vec::new();
        let mark = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = format!("{path}{mark}$limit=250&$skip={}", rows.len());
            let page = self.get(&page).await;
            let data = page["data"].as_array().unwrap();
            if data.is_empty() {
                assert_eq!(page["total"], rows.len());
                return rows;
            }
            rows.extend(data.iter().cloned());
        }
    }
}

async fn small() -> Sandbox {
    Sandbox::builder().employees(70).start().await.unwrap()
}

fn text<'a>(row: &'a Value, member: &str) -> &'a str {
    row[member].as_str().unwrap_or_default()
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| text(row, "id").to_owned()).collect()
}

fn data(page: &Value) -> &[Value] {
    page["data"].as_array().unwrap()
}
