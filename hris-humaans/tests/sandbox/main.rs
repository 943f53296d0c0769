//! The sandbox held against the vendor's documented shapes, through a client
//! that knows nothing of ours.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod changes;
mod faults;
mod lists;
mod shapes;
mod visibility;

use hris_humaans::sandbox::{Sandbox, Token};
use reqwest::Client;
use serde_json::Value;

/// A client that adds a token and nothing else.
struct Api {
    client: Client,
    base: String,
    token: String,
}

impl Api {
    fn new(sandbox: &Sandbox) -> Self {
        Self::with(sandbox, sandbox.token())
    }

    fn with(sandbox: &Sandbox, token: &str) -> Self {
        let client = Client::builder().no_proxy();
        let client = client.redirect(reqwest::redirect::Policy::none());
        Self { client: client.build().unwrap(), base: sandbox.url().to_owned(), token: token.to_owned() }
    }

    fn issued(sandbox: &Sandbox, token: Token) -> Self {
        Self::with(sandbox, &sandbox.issue_token(token))
    }

    async fn raw(&self, path: &str) -> reqwest::Response {
        let request = self.client.get(format!("{}{path}", self.base));
        request.bearer_auth(&self.token).send().await.unwrap()
    }

    async fn status(&self, path: &str) -> u16 {
        self.raw(path).await.status().as_u16()
    }

    /// A good answer, parsed.
    async fn get(&self, path: &str) -> Value {
        let response = self.raw(path).await;
        assert_eq!(response.status().as_u16(), 200, "{path}");
        response.json().await.unwrap()
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
