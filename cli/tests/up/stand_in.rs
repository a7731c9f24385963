//! Stand-ins for the gateway, the worker and the migrations: this test program itself, called by a script.
//!
//! They answer 200 at every path, and 401 to a key that they did not make.

use std::{fs, io::Write, net::TcpListener, os::unix::fs::PermissionsExt, path::Path};

use std::io::{BufRead, BufReader};

/// Writes the scripts into a folder.
pub(crate) fn place(programs: &Path) {
    let own = std::env::current_exe().unwrap();
    let keys = programs.join("keys").display().to_string();
    let serve = |port| {
        format!(
            "export RUCHE_STAND_IN=\"${port}\" RUCHE_STAND_IN_KEYS='{keys}'\nexec '{}' --exact stand_in::serves --nocapture",
            own.display()
        )
    };
    let create = format!(
        "if [ \"$1\" = keys ]; then key=rk_$$_secret; echo $key >> '{keys}'; echo $key; exit; fi\n{}",
        serve("RUCHE_GATEWAY__PORT")
    );
    script(programs, "ruche-gateway", &create);
    script(programs, "ruche-worker", &serve("RUCHE_WORKER__PORT"));
    script(programs, "ruche-migrate", "[ -n \"$RUCHE_POSTGRES__URL\" ] && [ \"$1\" = up ]");
}

pub(crate) fn script(programs: &Path, name: &str, text: &str) {
    let file = programs.join(name);
    fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The gateway no longer knows any key.
pub(crate) fn forget_keys(programs: &Path) {
    fs::remove_file(programs.join("keys")).unwrap();
}

/// Not a test of its own: the server that the scripts start.
#[test]
fn serves() {
    let Ok(port) = std::env::var("RUCHE_STAND_IN") else { return };
    let keys = std::env::var("RUCHE_STAND_IN_KEYS").unwrap();
    let listener = TcpListener::bind(("127.0.0.1", port.parse().unwrap())).unwrap();
    for stream in listener.incoming().flatten() {
        let lines = BufReader::new(&stream).lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let key = head.iter().find_map(|line| line.strip_prefix("authorization: Bearer "));
        let known = fs::read_to_string(&keys).unwrap_or_default();
        let refused = key.is_some_and(|key| !known.lines().any(|line| line == key));
        let status = if refused { "401 Unauthorized" } else { "200 OK" };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
        let _ = (&stream).write_all(answer.as_bytes());
    }
}
