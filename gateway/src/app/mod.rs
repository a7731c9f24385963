//! The composition root: the only place that knows every feature.
//!
//! - [`parts`]: what a gateway is made of. - [`services`]: the features, made of that. - [`router`]: their routes.
//! - [`bind`]: a server with an address. - [`serve`]: the program.

pub mod bind;
pub mod parts;
pub mod router;
pub mod serve;
pub mod services;
