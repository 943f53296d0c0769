//! The suites that every [`Target`](crate::target::Target) and every [`StateStore`](crate::store::StateStore)
//! pass: ours, and yours.
//!
//! The suite is given something that makes empty ones. A closure is enough:
//!
//! ```
//! use hris_reconcile::conformance;
//! use hris_reconcile::store::MemoryStore;
//! use hris_reconcile::targets::MemoryTarget;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let summary = conformance::target(&|| async { MemoryTarget::new() }).await;
//! println!("{summary}");
//! summary.require();
//! conformance::store(&|| async { MemoryStore::new() }).await.require();
//! # }
//! ```
//!
//! Cases that need more, such as opening the same accounts again, are skipped then. A [`TargetHarness`] or a
//! [`StoreHarness`] of your own has them run too.
//!
//! Every case begins with an empty target or store. Calls are repeated under their keys, cut at each point at
//! which they wait, and made by two callers at once. What a target says that it does not keep or cannot do is
//! skipped, and the summary says so.

mod store;
mod target;

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

pub use hris_core::conformance::Summary;
use hris_core::conformance::{Miss, Outcome, ensure};

pub use self::store::{StoreHarness, StoreStage, store};
pub use self::target::{TargetHarness, TargetStage, target};

/// How often a call is cut at most. A call that waits more often has been cut at its first points.
const MOST_CUTS: usize = 200;

/// Lets a call go on so many times, and drops it if it is not done by then: what a crash does to it.
async fn cut_after<T>(polls: usize, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        call.as_mut().poll(context).map(Some)
    })
    .await
}

fn failed<T>(how: impl Into<String>) -> Result<T, Miss> {
    Err(Miss::Failed(how.into()))
}

fn skipped<T>(why: impl Into<String>) -> Result<T, Miss> {
    Err(Miss::Skipped(why.into()))
}

impl From<crate::target::TargetError> for Miss {
    fn from(error: crate::target::TargetError) -> Self {
        Self::Failed(format!("{:?}: {error}", error.kind))
    }
}

impl From<crate::Error> for Miss {
    fn from(error: crate::Error) -> Self {
        Self::Failed(format!("{:?}: {error}", error.kind()))
    }
}

/// The cases of a file, each on a stage of its own. One that is not listed is dead code.
macro_rules! cases {
    ($harness:ident: $($name:ident,)*) => {
        pub(super) async fn run(harness: &dyn $harness, summary: &mut hris_core::conformance::Summary) {
            $({
                let scene = Scene::new(harness.stage().await);
                summary.enter(stringify!($name), $name(&scene).await);
            })*
        }
    };
}
use cases;
