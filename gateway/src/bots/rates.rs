//! The rate limit of a bot's chats per minute (GCRA), at this gateway.
//!
//! Each bot has one number: when its next chat would come if all came evenly. Idle bots are forgotten.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use ruche_schemas::TenantId;

use crate::http::{error::ApiError, limits};

#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<(TenantId, String), Instant>>);

const MINUTE: Duration = Duration::from_secs(60);

impl Rates {
    /// Counts a chat, or returns how long to wait for it. A minute's chats may come at once.
    pub(crate) fn count(&self, tenant: &TenantId, bot: &str, a_minute: u32, now: Instant) -> Result<(), Duration> {
        let step = MINUTE / a_minute.max(1);
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if next.len() >= limits::COUNTED_BOTS {
            next.retain(|_, next| *next > now);
        }
        let next = next.entry((tenant.clone(), bot.to_owned())).or_insert(now);
        let after = (*next).max(now) + step;
        match after.checked_duration_since(now + MINUTE).filter(|wait| !wait.is_zero()) {
            Some(wait) => Err(wait),
            None => {
                *next = after;
                Ok(())
            }
        }
    }

    /// Counts a chat, or refuses it.
    ///
    /// # Errors
    /// 429 that names the cap.
    pub(crate) fn admit(&self, tenant: &TenantId, bot: &str, a_minute: u32, now: Instant) -> Result<(), ApiError> {
        self.count(tenant, bot, a_minute, now).map_err(|wait| {
            let message = format!("the bot {bot} takes {a_minute} chats a minute: wait and send it again");
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            ApiError::capped("rate_limited", "limits.requests_per_minute", message, seconds)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_so_many_chats_and_no_more() {
        let (rates, now) = (Rates::default(), Instant::now());
        let (acme, other) = ("acme".parse::<TenantId>().expect("a name"), "other".parse().expect("a name"));
        for _ in 0..6 {
            assert_eq!(rates.count(&acme, "help", 6, now), Ok(()));
        }
        assert_eq!(rates.count(&acme, "help", 6, now), Err(Duration::from_secs(10)));
        assert_eq!(rates.count(&acme, "help", 6, now + Duration::from_secs(9)), Err(Duration::from_secs(1)));
        assert_eq!(rates.count(&acme, "help", 6, now + Duration::from_secs(10)), Ok(()));
        assert_eq!(rates.count(&acme, "sales", 6, now), Ok(()), "another bot");
        assert_eq!(rates.count(&other, "help", 6, now), Ok(()), "another tenant's bot of this name");
        let refused = rates.admit(&acme, "help", 6, now).expect_err("full");
        assert_eq!((refused.status().as_u16(), refused.code_name()), (429, Some("rate_limited")));
    }

    #[test]
    fn bots_at_rest_are_forgotten() {
        let (rates, now) = (Rates::default(), Instant::now());
        let acme = "acme".parse::<TenantId>().expect("a name");
        for bot in 0..limits::COUNTED_BOTS {
            assert_eq!(rates.count(&acme, &bot.to_string(), 1, now), Ok(()));
        }
        assert_eq!(rates.count(&acme, "one more", 1, now + 2 * MINUTE), Ok(()));
        assert_eq!(rates.0.lock().expect("the lock").len(), 1);
    }
}
