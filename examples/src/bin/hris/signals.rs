//! Being asked to stop: once, to end in order; twice, at once.

use tokio::sync::watch;

use crate::console::Console;
use crate::failure::exit;

/// Shows when a person or the system asked this process to stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    signal: watch::Receiver<Option<Signal>>,
    runs: hris_reconcile::Stop,
}

/// Who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The system, as when a service is stopped.
    Terminate,
}

impl Stop {
    /// Listens for signals from now on; at the first one `first_ends` is what ends in order.
    pub(crate) fn listen(console: Console, first_ends: &'static str) -> std::io::Result<Self> {
        let (sender, receiver) = watch::channel(None);
        let mut signals = Signals::new()?;
        let runs = hris_reconcile::Stop::new();
        let stop = Self { signal: receiver, runs: runs.clone() };
        tokio::spawn(async move {
            let first = signals.next().await;
            console.note(format!("{first_ends}; a second signal stops at once"));
            let _ = sender.send(Some(first));
            runs.stop();
            signals.next().await;
            std::process::exit(i32::from(exit::INTERRUPTED));
        });
        Ok(stop)
    }

    /// The handle by which runs notice.
    pub(crate) fn runs(&self) -> hris_reconcile::Stop {
        self.runs.clone()
    }

    /// The signal that was received, if any.
    pub(crate) fn signal(&self) -> Option<Signal> {
        *self.signal.borrow()
    }

    /// Waits for a signal.
    pub(crate) async fn stopped(&mut self) -> Signal {
        match self.signal.wait_for(Option::is_some).await.map(|signal| *signal) {
            Ok(Some(signal)) => signal,
            // The listener lives as long as the process, so there is nothing left to wait for.
            _ => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "the same shape as elsewhere")]
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        let _ = tokio::signal::ctrl_c().await;
        Signal::Interrupt
    }
}
