//! The clock of the machine, for a caller that chooses it.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use hris_core::Timestamp;

use super::Clock;

/// The clock of the machine, and waiting on tokio's. The library reads it only through this type.
///
/// ```
/// use hris_reconcile::schedule::{Clock, SystemClock};
///
/// assert!(SystemClock.now() > "2026-01-01T00:00:00Z".parse()?);
/// # Ok::<(), hris_core::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
