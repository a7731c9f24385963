//! What the gateway asks of the store.

pub use ruche_store::{
    bots::*, collections::*, files::*, jobs::*, models as migrations, models::Migrations, search, search::Search,
};
