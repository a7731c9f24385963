//! Waits for what another thread does without a signal.

use std::time::Duration;

/// Looks until the condition is true. The bound only ends a test that would never end.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(1));
    let wait = async {
        while !condition() {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("it happens within 30 s");
}
