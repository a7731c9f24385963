//! The contract of every bus, checked on each adapter: `suite` has the tests, this file lists them.

use std::{sync::Arc, time::Duration};

use ruche_bus::{Bus, memory::Memory, nats::Nats};
use ruche_services::testing;

use crate::suite::{ACK_WAIT, BACKLOG, KIND};

async fn memory() -> Arc<dyn Bus> {
    Arc::new(Memory::new(&[KIND], BACKLOG as usize, ACK_WAIT))
}

async fn nats() -> Arc<dyn Bus> {
    let config = crate::suite::config(&testing::shared_nats().await, &testing::unique("c"));
    let bus = Nats::connect(&config, ACK_WAIT).await.expect("a connection");
    bus.ensure(&[KIND]).await.expect("streams");
    Arc::new(bus)
}

/// A test that takes this long fails.
const LIMIT: Duration = Duration::from_secs(60);

macro_rules! promises {
    ($($file:ident: $($promise:ident)+;)+) => {
        mod on_memory {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let bus = super::memory().await;
                let test = crate::suite::$file::$promise(&*bus);
                tokio::time::timeout(super::LIMIT, test).await.expect("in time");
            })+)+
        }
        mod on_nats {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let bus = super::nats().await;
                let test = crate::suite::$file::$promise(&*bus);
                tokio::time::timeout(super::LIMIT, test).await.expect("in time");
            })+)+
        }
    };
}

promises! {
    jobs:
        a_published_job_is_handed_out_once_and_gone_after_done
        what_was_published_is_what_arrives
        a_duplicate_is_reported_and_not_delivered_twice
        an_unsettled_job_comes_back_with_a_higher_attempt
        only_a_job_that_nobody_can_have_seen_is_a_first_one
        a_retry_comes_back_after_its_delay_not_before
        an_extended_job_is_not_redelivered
        a_late_done_counts
        a_full_queue_refuses
        an_unknown_kind_is_refused
        a_job_that_is_too_large_is_refused
        depth_counts_what_waits_and_what_is_in_flight
        the_oldest_that_waits_is_one_that_no_worker_has;
    dead:
        a_rejected_job_is_in_dead_before_it_is_gone
        a_job_has_one_dead_letter_the_last
        dead_letters_are_listed_and_counted_oldest_first_by_kind_and_tenant
        a_removed_letter_is_gone_and_can_be_put_again
        the_largest_job_becomes_a_dead_letter_whole;
    flow_control:
        pauses_are_heard_as_they_are_and_as_they_change
        the_caps_of_tenants_are_heard_as_they_are_and_as_they_change
        a_tenants_jobs_are_listed_until_they_end
        a_job_that_is_queued_is_the_one_that_is_handed_out
        no_more_slots_are_given_than_the_cap
        a_slot_that_nobody_renews_is_free_after_the_ack_wait
        a_key_is_one_jobs_for_its_window;
    workers:
        no_more_than_free_jobs_are_taken
        a_wait_that_is_dropped_loses_nothing
        a_queue_that_is_closed_hands_back_what_it_held
        two_workers_share_a_queue
        slots_that_are_reserved_take_interactive_jobs_only
        many_jobs_are_each_handed_out_once
        interactive_comes_first_but_bulk_is_not_starved
        an_idle_worker_hears_every_lane;
    pools:
        a_job_for_a_pool_is_handed_out_there_and_nowhere_else
        what_waits_for_a_pool_is_counted_and_listed
        a_job_that_is_handed_on_comes_to_the_pool_as_the_same_attempt;
    fairness:
        a_flood_of_bulk_jobs_delays_other_jobs_by_a_bounded_number
        two_tenants_that_flood_different_shards_are_served_alike
        a_flood_of_interactive_jobs_leaves_the_other_lanes_their_share;
    log:
        append_refuses_a_writer_that_is_behind
        an_append_whose_answer_was_lost_can_be_repeated
        the_beginning_of_a_refused_jobs_log_can_be_taken_back
        the_last_event_tells_where_to_go_on
        a_watcher_sees_stored_then_live_events_without_gap_or_repeat
        a_watch_starts_at_any_event
        a_refused_append_is_never_seen_by_a_watcher
        a_watch_ends_after_the_final_event
        the_same_job_id_of_two_tenants_is_two_logs
        five_hundred_events_are_replayed_in_order;
    signals:
        a_cancel_reaches_a_listener_and_a_late_asker
        a_worker_is_known_from_its_registration_until_it_deregisters
        a_bus_that_is_up_is_ready;
    scheduler:
        a_job_for_later_is_not_handed_out_early
        a_job_whose_time_is_past_is_handed_out
        a_job_for_later_can_be_taken_back
        a_job_for_later_of_an_unknown_kind_is_refused
        a_deferred_job_keeps_its_attempts
        a_schedule_fires_jobs_of_its_own_until_it_is_paused_or_ended
        a_schedule_that_is_wrong_is_refused_with_words_that_help;
}
