//! Files that only their owner can read, and files that hold a process id.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::{process, random_secret};

/// Writes a file that only its owner can read. A concurrent reader, such as a server that reloads its logins, finds
/// the old text or the new one, never a part.
///
/// # Errors
/// The system's.
pub fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let unfinished = folder.join(format!(".{}", random_secret()));
    let mut open = OpenOptions::new();
    let written = open
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .and_then(|mut opened| opened.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&unfinished, file));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// The process whose id is on the first line of `file`, if it runs under this name.
pub(crate) fn live_pid(file: &Path, name: &str) -> Option<i32> {
    let pid = fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()?;
    let same = process::name_of(pid).is_none_or(|running| running == name);
    (process::is_alive(pid) && same).then_some(pid)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn who_reads_a_private_file_while_it_is_written_finds_all_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("users.conf");
        let text = |i: usize| format!("{i}\n{}", "user\n".repeat(50_000));
        write_private(&file, &text(0)).expect("written");
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let read = fs::read_to_string(&file).expect("read");
                    assert!(read.ends_with("user\n") && read.len() >= text(0).len(), "{} bytes", read.len());
                }
            });
            (1..200).for_each(|i| write_private(&file, &text(i)).expect("written"));
            over.store(true, Ordering::Relaxed);
            reader.join().expect("the reader");
        });
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).expect("there").permissions());
        assert_eq!((mode & 0o777, fs::read_dir(folder.path()).expect("listed").count()), (0o600, 1));
    }
}
