//! What a gateway is built from: the bus, the store and the settings.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ruche_bus::Bus;
use ruche_schemas::{config, kinds::Descriptor};
use ruche_store::{Store, objects::Claims};

use crate::{http::limits, jobs::admission};

pub struct App {
    pub settings: config::Gateway,
    pub bus: Arc<dyn Bus>,
    pub store: Arc<dyn Store>,
    pub kinds: Vec<Descriptor>,
    /// Names that stand for models and bots: `models.aliases`.
    pub aliases: BTreeMap<String, String>,
    /// The object store, if there is one.
    pub claims: Claims,
    /// Caps of tenants without their own; none by default.
    pub tenants: admission::Settings,
    /// The chat model of bots that name none; empty: the one of other chats.
    pub bots_model: String,
    /// A client that reads nothing for this long is disconnected.
    pub write_timeout: Duration,
}

impl App {
    #[must_use]
    pub fn new(settings: config::Gateway, bus: Arc<dyn Bus>, store: Arc<dyn Store>, kinds: Vec<Descriptor>) -> Self {
        let (claims, tenants) = (Claims::none(), admission::Settings::default());
        let (aliases, bots_model, write_timeout) = (BTreeMap::new(), String::new(), limits::WRITE_TIMEOUT);
        Self { settings, bus, store, kinds, aliases, claims, tenants, bots_model, write_timeout }
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("settings", &self.settings).finish_non_exhaustive()
    }
}
