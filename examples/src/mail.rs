//! A mail server on loopback that keeps what it is sent: for stories and tests.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A mail server that delivers nothing and keeps everything. It stops when dropped.
#[derive(Debug)]
pub struct Mailbox {
    address: SocketAddr,
    messages: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Mailbox {
    /// Opens one on a free port of this machine.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let messages = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&messages);
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                // A client that breaks off has sent nothing that counts.
                tokio::spawn(async move { drop(talk(client, &kept).await) });
            }
        });
        Ok(Self { address, messages, server })
    }

    /// Where it is, as a mail server's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The messages so far, as they came over the wire.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// One conversation of SMTP (RFC 5321), without extensions.
async fn talk(client: TcpStream, kept: &Mutex<Vec<String>>) -> io::Result<()> {
    let (reader, mut writer) = client.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 mailbox\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                let mut message = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    message.push_str(line.strip_prefix('.').unwrap_or(&line));
                    message.push('\n');
                }
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(message);
                b"250 kept\r\n"
            }
            "QUIT" => {
                writer.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 fine\r\n",
        };
        writer.write_all(answer).await?;
    }
    Ok(())
}
