//! `ruche top` on a terminal, which `script` provides.

use std::process::Stdio;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
    time::timeout,
};

use crate::{
    TIMEOUT,
    stand_in::{Gateway, ok},
};

#[tokio::test]
async fn top_on_a_terminal_leaves_it_as_it_was_by_q_and_by_ctrl_c() {
    let gateway = Gateway::start().await;
    let list = || vec![ok(json!({"object": "list", "data": [], "has_more": false, "next": null}))];
    for path in ["queues", "workers", "dead?limit=100"] {
        gateway.on(&format!("GET /v1/{path}"), list());
    }
    for key in ["q", "\u{3}"] {
        // `script` gives it a terminal. The terminal's state afterwards is printed last.
        let shell = format!("stty rows 24 cols 80; '{}' top; echo ended with $?; stty -a", env!("CARGO_BIN_EXE_ruche"));
        let mut command = Command::new("script");
        command.args(["-qec", &shell, "/dev/null"]).env("TERM", "xterm").kill_on_drop(true);
        command.env("RUCHE_URL", &gateway.url).env("RUCHE_KEY", "rk_test");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (mut seen, mut chunk, mut pressed) = (String::new(), [0; 4096], false);
        let watching = async {
            loop {
                let count = screen.read(&mut chunk).await.unwrap_or(0);
                if count == 0 {
                    return;
                }
                seen.push_str(&String::from_utf8_lossy(&chunk[..count]));
                if !pressed && seen.contains("Workers") {
                    pressed = true;
                    keys.write_all(key.as_bytes()).await.unwrap();
                }
            }
        };
        timeout(TIMEOUT, watching).await.expect("it ends");
        let after = seen.split("\u{1b}[?1049l").nth(1).unwrap_or_else(|| panic!("the screen is not left: {seen:?}"));
        assert!(after.contains("\u{1b}[?25h"), "the cursor is back: {after:?}");
        assert!(after.contains("ended with 0") && after.contains(" echo ") && after.contains(" icanon "), "{after}");
    }
}
