//! The memory of processes, from Linux's counters.

use std::fs;

/// A process and all its descendants.
pub fn tree(root: u32) -> Vec<u32> {
    let mut all = vec![root];
    let mut at = 0;
    while let Some(parent) = all.get(at) {
        all.extend(children(*parent));
        at += 1;
    }
    all
}

pub fn children(parent: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

/// Of one process, with shared pages counted whole, in MiB.
pub fn resident(pid: u32) -> u64 {
    field(&format!("/proc/{pid}/status"), "VmRSS:")
}

/// Of several processes, with their shared pages counted once, in MiB.
pub fn together(pids: &[u32]) -> u64 {
    let kib = |pid: &u32| field_kib(&format!("/proc/{pid}/smaps_rollup"), "Pss:");
    pids.iter().map(kib).sum::<u64>() / 1024
}

fn field(path: &str, name: &str) -> u64 {
    field_kib(path, name) / 1024
}

/// 0 if a process is gone or another user's.
fn field_kib(path: &str, name: &str) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
