//! The composition root, the only place that uses every feature.
//!
//! - [`parts`]: what a gateway is built from. - [`services`]: the features. - [`router`]: their routes.
//! - [`bind`]: a server with an address. - [`serve`]: the program.

pub mod bind;
pub mod parts;
pub mod router;
pub mod serve;
pub mod services;
