//! Programs that run once to their end, such as the migrations: their output is logged, and shown when they fail.

use std::{fs::File, io::Write, path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use ruche_services::process::last_lines;
use tokio::process::Command;

/// Returns its standard output. Its standard error goes to `log`.
pub(crate) async fn run(
    program: &Path,
    arguments: &[&str],
    env: &[(String, String)],
    log: &Path,
    limit: Duration,
) -> Result<String> {
    let name = format!("{} {}", program.display(), arguments.join(" "));
    let file = File::options().create(true).append(true).open(log);
    let mut file = file.with_context(|| format!("the log {} can't be opened", log.display()))?;
    let from = file.metadata().map_or(0, |meta| meta.len());
    let mut command = Command::new(program);
    command.args(arguments).envs(env.iter().cloned()).stdin(Stdio::null()).kill_on_drop(true);
    command.stderr(file.try_clone()?).stdout(Stdio::piped());
    let child = command.spawn().with_context(|| format!("{name} can't be started"))?;
    let Ok(output) = tokio::time::timeout(limit, child.wait_with_output()).await else {
        bail!("{name} had not ended after {} s:\n{}", limit.as_secs(), last_lines(log, from, 12));
    };
    let output = output.with_context(|| format!("{name} can't be waited for"))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        // Some programs explain themselves on standard output.
        let _ = file.write_all(printed.as_bytes());
        bail!("{name} failed ({}):\n{}", output.status, last_lines(log, from, 12));
    }
    Ok(printed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failing_program_shows_what_it_said() {
        let folder = tempfile::tempdir().unwrap();
        let (shell, log) = (Path::new("/bin/sh"), folder.path().join("log"));
        let limit = Duration::from_secs(20);
        let printed = run(shell, &["-c", "echo out; echo err >&2"], &[], &log, limit).await.unwrap();
        assert_eq!(printed, "out\n");
        let error = run(shell, &["-c", "echo no table; exit 4"], &[], &log, limit).await.unwrap_err().to_string();
        assert!(error.contains("no table") && error.contains('4'), "{error}");
        let error = run(shell, &["-c", "sleep 100"], &[], &log, Duration::from_millis(20)).await.unwrap_err();
        assert!(error.to_string().contains("had not ended"), "{error}");
    }
}
