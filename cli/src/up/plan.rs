//! What to start and with which settings, decided before anything runs.
//!
//! NATS and Postgres are internal: their ports move when the usual ones are taken. A URL in the settings is the
//! user's own server, and none is started then. People type the gateway's port, so it never moves.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use ruche_schemas::{
    Kind,
    config::Config,
    kinds::{self, Descriptor},
};
use ruche_services::{
    logins::{Login, May, Role},
    nats, ports, postgres,
    process::Launch,
    random_secret,
};

use crate::{Refused, models::Served, project::Project};

pub(super) struct Plan {
    /// `None` with the user's own. Its port may still move.
    pub nats: Option<nats::Options>,
    /// `None` with the user's own. Its port may still move.
    pub postgres: Option<postgres::Options>,
    /// Where the gateway's readiness is checked.
    pub gateway_host: String,
    pub gateway_port: u16,
    /// The store of large bodies and results, unless the user has set one.
    objects: Option<String>,
    /// Signs links to documents, unless the user has set a secret.
    links: Option<String>,
    models: Vec<Served>,
    project: Project,
    workers: Vec<Worker>,
}

/// A worker process.
struct Worker {
    /// As in `worker-chat`.
    name: String,
    kind: Kind,
    /// Of its `/readyz`.
    port: u16,
    /// The model that it has instead of the kind's first, and takes jobs for.
    own: Option<Served>,
}

impl Plan {
    /// Refuses what can't work.
    pub(super) fn new(project: &Project, config: &Config, models: &[Served]) -> Result<Self> {
        for program in ["ruche-migrate", "ruche-gateway", "ruche-worker"] {
            beside(program)?;
        }
        let defaults = Config::from_layers(None, Some(HashMap::new()))?;
        let secrets = project.secrets()?;
        let ours = config.nats.url.0 == defaults.nats.url.0;
        let nats = ours.then(|| nats::Options {
            logins: logins(&config.nats.prefix, secrets.nats),
            ..nats::Options::new(project.data.join("nats"), project.log("nats"), ports::prefer(4222))
        });
        let ours = config.postgres.url.0 == defaults.postgres.url.0;
        let postgres = ours.then(|| postgres::Options {
            data: project.data.join("postgres"),
            log: project.log("postgres"),
            port: ports::prefer(5432),
            password: secrets.postgres,
            settings: vec![("max_connections", "200".to_owned()), ("shared_buffers", "128MB".to_owned())],
        });
        let mut workers = Vec::new();
        for (name, kind, own) in to_start(models) {
            let port = worker_port(config, workers.len(), &name)?;
            workers.push(Worker { name, kind, port, own });
        }
        Ok(Self {
            nats,
            postgres,
            gateway_host: reach(&config.gateway.host),
            gateway_port: gateway_port(config)?,
            objects: folder(config, project),
            links: config.gateway.link_secret.0.is_empty().then_some(secrets.links),
            models: models.to_vec(),
            project: project.clone(),
            workers,
        })
    }

    /// The base URL on this machine.
    pub(super) fn url(&self) -> String {
        format!("http://{}:{}", self.gateway_host, self.gateway_port)
    }

    /// The settings of every program, once the servers' ports are fixed. Without the login of NATS: each program has
    /// its own.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let mut settings: Vec<_> = self.models.iter().flat_map(Served::settings).collect();
        let mut set = |key: &str, value: String| settings.push((key.to_owned(), value));
        set("RUCHE_GATEWAY__PORT", self.gateway_port.to_string());
        if let Some(nats) = &self.nats {
            set("RUCHE_NATS__URL", format!("nats://127.0.0.1:{}", nats.port));
        }
        if let Some(objects) = &self.objects {
            set("RUCHE_OBJECTS__URL", objects.clone());
        }
        if let Some(postgres) = &self.postgres {
            set("RUCHE_POSTGRES__URL", postgres.url());
        }
        settings
    }

    /// The workers, without the `worker-` of their names.
    pub(super) fn working(&self) -> Vec<&str> {
        self.workers.iter().map(|worker| worker.name.trim_start_matches("worker-")).collect()
    }

    pub(super) fn gateway(&self) -> Result<Launch> {
        let mut launch = self.launch("gateway", "gateway", "ruche-gateway")?;
        launch.env.extend(self.links.iter().map(|secret| ("RUCHE_GATEWAY__LINK_SECRET".to_owned(), secret.clone())));
        Ok(launch)
    }

    /// The workers, each with the port of its `/readyz`.
    pub(super) fn workers(&self) -> Result<Vec<(Launch, u16)>> {
        let worker = |Worker { name, kind, port, own }: &Worker| {
            let mut launch = self.launch(name, &format!("worker-{kind}"), "ruche-worker")?;
            launch.args.push(kind.as_str().into());
            launch.env.push(("RUCHE_WORKER__PORT".to_owned(), port.to_string()));
            if let Some(own) = own {
                launch.env.extend(own.as_first());
                launch.env.push(("RUCHE_WORKER__POOL".to_owned(), own.chosen.name.clone()));
            }
            // llama.cpp's threads wait for each other by spinning: if others need the cores, that starves both.
            launch.env.push(("GOMP_SPINCOUNT".to_owned(), "1000".to_owned()));
            Ok((launch, *port))
        };
        self.workers.iter().map(worker).collect()
    }

    fn launch(&self, name: &str, user: &str, program: &str) -> Result<Launch> {
        let mut launch = Launch::new(name, beside(program)?, self.project.log(name));
        launch.env = self.settings();
        let login = self.nats.iter().flat_map(|nats| &nats.logins).find(|login| login.user == user);
        if let Some(Login { user, password, .. }) = login.cloned() {
            launch.env.extend([("RUCHE_NATS__USER".to_owned(), user), ("RUCHE_NATS__PASSWORD".to_owned(), password)]);
        }
        Ok(launch)
    }
}

/// Whether this kind gets a worker: an optional one only if its first model is there.
fn can_work(kind: &Descriptor, models: &[Served]) -> bool {
    let has = |name: &str| models.iter().any(|model| model.kind == kind.kind && model.slot.name == name);
    !kind.optional || kind.models.first().is_none_or(|slot| has(slot.name))
}

/// The workers to start: each kind's, then one for each model that has workers of its own. The name, the kind, the
/// model.
fn to_start(models: &[Served]) -> Vec<(String, Kind, Option<Served>)> {
    let kinds = kinds::all().into_iter().filter(|kind| can_work(kind, models));
    let first = kinds.map(|kind| (format!("worker-{}", kind.kind), kind.kind, None));
    let own = models.iter().filter(|model| model.slot.own_workers);
    let own = own.map(|own| (format!("worker-{}-{}", own.kind, own.slot.name), own.kind.clone(), Some(own.clone())));
    first.chain(own).collect()
}

/// A folder for objects, if nothing else is set.
fn folder(config: &Config, project: &Project) -> Option<String> {
    config.objects.url.is_empty().then(|| format!("file://{}", project.data.join("objects").display()))
}

/// The logins of our NATS: each program gets what it needs under its own name, with a password of this run; `ruche`
/// may do everything, for people with the tools of NATS.
fn logins(prefix: &str, operators: String) -> Vec<Login> {
    let kinds: Vec<Kind> = kinds::all().into_iter().map(|kind| kind.kind).collect();
    let gateway = May::As(Role::Gateway { kinds: kinds.clone() }, prefix.to_owned());
    let mut logins = vec![
        Login { user: "ruche".to_owned(), password: operators, may: May::Everything },
        Login { user: "gateway".to_owned(), password: random_secret(), may: gateway },
    ];
    for kind in &kinds {
        let may = May::As(Role::Worker { kinds: kinds.clone(), own: vec![kind.clone()] }, prefix.to_owned());
        logins.push(Login { user: format!("worker-{kind}"), password: random_secret(), may });
    }
    logins
}

/// The address at which this machine reaches a server that listens on `host`.
pub(super) fn reach(host: &str) -> String {
    if host == "0.0.0.0" || host == "::" { "127.0.0.1".to_owned() } else { host.to_owned() }
}

/// Refuses ports that are taken: the gateway's, and those of the workers that always start.
pub(super) fn check_ports(config: &Config) -> Result<()> {
    gateway_port(config)?;
    (0..).zip(to_start(&[])).try_for_each(|(index, (name, ..))| worker_port(config, index, &name).map(drop))
}

fn gateway_port(config: &Config) -> Result<u16> {
    let port = config.gateway.port;
    if port == 0 {
        return Ok(ports::free());
    }
    if ports::is_free(port) {
        return Ok(port);
    }
    let other = ports::free();
    Err(Refused::port(format!(
        "port {port} of 127.0.0.1 is taken by another program.\nStop that program, or choose another port for the \
         gateway, as in:\n  RUCHE_GATEWAY__PORT={other} ruche up"
    )))
}

fn worker_port(config: &Config, index: usize, name: &str) -> Result<u16> {
    let port = match config.worker.port {
        0 => ports::free(),
        first => first.saturating_add(u16::try_from(index).unwrap_or(0)),
    };
    if ports::is_free(port) {
        return Ok(port);
    }
    Err(Refused::port(format!(
        "port {port} of 127.0.0.1, for /metrics of {name}, is taken by another program.\n\
         Choose another with RUCHE_WORKER__PORT; 0 takes a free one."
    )))
}

/// The program beside `ruche` itself: one build makes them all.
pub(crate) fn beside(program: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("the path of ruche itself can't be read")?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let path = folder.join(program);
    if path.is_file() {
        return Ok(path);
    }
    Err(Refused::because(format!(
        "{program} is not beside ruche in {}: `make run` builds everything, as does\n  \
         cargo build --release --workspace --bins",
        folder.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_gateway_port_names_the_setting() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let variables = HashMap::from([("RUCHE_GATEWAY__PORT".to_owned(), port.to_string())]);
        let config = Config::from_layers(None, Some(variables)).unwrap();
        let error = gateway_port(&config).unwrap_err();
        assert!(error.to_string().contains("RUCHE_GATEWAY__PORT"), "{error}");
        assert_eq!(error.downcast::<Refused>().unwrap().code, 3);
    }

    #[test]
    fn large_bodies_go_to_a_folder_unless_the_person_has_a_place() {
        let project = Project { data: PathBuf::from("/home/me/ruche/.ruche") };
        let config = |url: &str| {
            let variables = HashMap::from([("RUCHE_OBJECTS__URL".to_owned(), url.to_owned())]);
            Config::from_layers(None, Some(variables)).unwrap()
        };
        let ours = folder(&config(""), &project).unwrap();
        assert_eq!(ours, "file:///home/me/ruche/.ruche/objects");
        assert_eq!(config(&ours).objects.url, ours, "a place that programs take");
        assert_eq!(folder(&config("s3://mine"), &project), None);
    }

    #[test]
    fn a_gateway_that_listens_everywhere_is_reached_on_this_machine() {
        assert_eq!(reach("0.0.0.0"), "127.0.0.1");
        assert_eq!(reach("192.168.1.5"), "192.168.1.5");
    }
}
