//! `ruche dead edit`: opens the body in an editor, then runs the job again with the saved body.
//!
//! Only the owner can read the file, since bodies have people's texts. Text that is no JSON is not lost: the file
//! stays, and the error names it.

use std::{
    env,
    fs::{self, File},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{body, many::replayed};
use crate::{client::Client, output, refused::Refused};

pub(super) async fn run(client: &Client, json: bool, job: &str) -> Result<()> {
    let dead_letter = client.get(&["dead", job], &[]).await?;
    let before = body(&dead_letter).unwrap_or_else(|| json!({}));
    let file = write(&before)?;
    let edited = edit(&file);
    let (after, file) = match edited {
        Ok(after) => (after, file),
        Err(error) => return Err(error.context(format!("nothing was submitted; the text is in {}", file.display()))),
    };
    if after == before {
        fs::remove_file(&file).ok();
        output::note("the body is as it was, so nothing was submitted: `ruche dead replay` does that");
        return Ok(());
    }
    match client.post(&["dead", job, "replay"], &json!({ "body": after })).await {
        Ok(new) => {
            fs::remove_file(&file).ok();
            replayed(json, job, &new)
        }
        Err(error) => {
            output::note(&format!("the text is in {}", file.display()));
            Err(error)
        }
    }
}

fn write(body: &Value) -> Result<PathBuf> {
    let file = env::temp_dir().join(format!("ruche-{}.json", uuid::Uuid::now_v7()));
    let open = File::options().write(true).create_new(true).mode(0o600).open(&file);
    let mut open = open.with_context(|| format!("{} can't be made", file.display()))?;
    let text = serde_json::to_string_pretty(body)?;
    writeln!(open, "{text}").with_context(|| format!("{} can't be written", file.display()))?;
    Ok(file)
}

fn edit(file: &Path) -> Result<Value> {
    let set = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let Some(editor) = set("VISUAL").or_else(|| set("EDITOR")) else {
        return Err(Refused::because("no editor is set: EDITOR=vi ruche dead edit ...".to_owned()));
    };
    // Through the shell, for settings such as `code --wait`.
    let status = Command::new("sh").args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(file).status();
    let status = status.with_context(|| format!("the editor {editor:?} can't be started"))?;
    anyhow::ensure!(status.success(), "the editor {editor:?} ended with {status}");
    let text = fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
    serde_json::from_str(&text)
        .map_err(|error| Refused::because(format!("that is {}", ruche_schemas::plain::not_json(&text, &error))))
}
