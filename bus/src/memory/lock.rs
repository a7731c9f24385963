//! A lock that survives a panic elsewhere.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// No code here panics while it holds a lock.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
