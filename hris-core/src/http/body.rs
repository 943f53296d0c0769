//! The body of an answer as it arrives, unpacked if it is compressed, within a limit.

use std::io::Write as _;

use flate2::write::MultiGzDecoder;

use super::SendError;
use crate::ErrorKind;

/// How much of a compressed body is unpacked before its size is looked at. Gzip packs a thousand bytes into one at best.
const STEP: usize = 4096;

/// What has arrived of a body.
#[derive(Debug)]
pub(super) struct Body {
    form: Form,
    limit: usize,
}

#[derive(Debug)]
enum Form {
    Gzip { unpacked: Box<MultiGzDecoder<Vec<u8>>>, is_empty: bool },
    Plain(Vec<u8>),
}

/// Why a body cannot be used.
#[derive(Debug)]
pub(super) enum BodyFault {
    Coded(std::io::Error),
    TooLarge,
}

impl BodyFault {
    pub(super) fn told(self, host: &str, limit: usize) -> SendError {
        match self {
            Self::Coded(error) => {
                let words = format!("the answer of {host} cannot be decoded");
                SendError::maybe_sent(ErrorKind::Unavailable, words).with_source(error)
            }
            Self::TooLarge => SendError::too_large(limit),
        }
    }
}

impl Body {
    /// A body of at most `limit` bytes in the encodings that the answer names. `None` if one is unknown, or several
    /// are named.
    pub(super) fn of<'a>(encodings: impl Iterator<Item = &'a [u8]>, limit: usize) -> Option<Self> {
        let mut named = encodings.filter(|name| !name.eq_ignore_ascii_case(b"identity"));
        let form = match (named.next(), named.next()) {
            (None, _) => Form::Plain(Vec::new()),
            (Some(name), None)
                if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") =>
            {
                Form::Gzip { unpacked: Box::new(MultiGzDecoder::new(Vec::new())), is_empty: true }
            }
            _ => return None,
        };
        Some(Self { form, limit })
    }

    pub(super) fn is_compressed(&self) -> bool {
        matches!(self.form, Form::Gzip { .. })
    }

    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), BodyFault> {
        match &mut self.form {
            Form::Plain(body) if chunk.len() > self.limit.saturating_sub(body.len()) => {
                Err(BodyFault::TooLarge)
            }
            Form::Plain(body) => {
                body.extend_from_slice(chunk);
                Ok(())
            }
            Form::Gzip { unpacked, is_empty } => {
                for part in chunk.chunks(STEP) {
                    *is_empty = false;
                    unpacked.write_all(part).map_err(BodyFault::Coded)?;
                    if unpacked.get_ref().len() > self.limit {
                        return Err(BodyFault::TooLarge);
                    }
                }
                Ok(())
            }
        }
    }

    /// The whole body, once nothing more comes. An answer without a body may name an encoding.
    pub(super) fn end(self) -> Result<Vec<u8>, BodyFault> {
        let body = match self.form {
            Form::Plain(body) => body,
            Form::Gzip { is_empty: true, .. } => Vec::new(),
            Form::Gzip { unpacked, .. } => unpacked.finish().map_err(BodyFault::Coded)?,
        };
        if body.len() > self.limit { Err(BodyFault::TooLarge) } else { Ok(body) }
    }
}
