//! The vendor's own client meets the sandbox: its calls, as they went over the wire.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up has failed")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use hris_freshteam::sandbox::Sandbox;
use serde_json::Value;

const CALLS: &str = include_str!("recorded/freshworks-api-sdk-0.3.0.json");

/// Sends a request as it was recorded. Returns the status and the body.
fn send(address: SocketAddr, method: &str, target: &str, headers: &[(String, String)]) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{request}\r\n").as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).expect("JSON"))
}

#[tokio::test]
async fn the_calls_of_the_vendor_s_own_client_are_answered() {
    let sandbox = Sandbox::builder().employees(60).start().await.expect("a free port");
    let recorded: Value = serde_json::from_str(CALLS).expect("JSON");
    let calls = recorded["calls"].as_array().expect("calls");
    assert_eq!(calls.len(), 30);
    for call in calls {
        let text = |name: &str| call[name].as_str().expect("a text");
        let headers: Vec<(String, String)> = call["headers"]
            .as_object()
            .expect("headers")
            .iter()
            .map(|(name, value)| {
                (name.clone(), value.as_str().expect("a text").replace("{key}", sandbox.key()))
            })
            .collect();
        let (status, body) = send(sandbox.address(), text("method"), text("target"), &headers);
        assert_eq!(u64::from(status), call["status"], "{call}");
        match call["rows"].as_u64() {
            Some(rows) => assert_eq!(body.as_array().map_or(0, Vec::len) as u64, rows, "{call}"),
            None if status == 200 => assert!(body["id"].is_u64(), "{call}"),
            None => assert!(body["errors"][0]["code"].is_string(), "{call}"),
        }
    }
}
