//! How many conversations are generated at once if the settings do not say: as many as memory and cores bear.

use std::{fs, path::Path};

use crate::inference::llama::{Footprint, footprint, gpu_memory};

/// More gain nothing on the machines that were measured.
const MOST: u32 = 32;
/// A core generates for about so many at once: with twice as many clients as slots, tokens per second fall by a third.
const PER_CORE: u32 = 8;
/// Few conversations may fill the memory; more leave half of it to other programs.
const FEW: u64 = 4;
/// If memory or model are unknown.
const UNKNOWN: u32 = 8;

/// What a worker may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Machine {
    /// Free memory in bytes: of the GPU, if the model is on one.
    pub(super) memory: u64,
    /// Cores that generate; a GPU counts as many.
    pub(super) cores: u32,
}

/// The number of slots for this model here; 1 to 32.
pub(super) fn choose(path: &Path, context_tokens: u32, threads: u32, gpu_layers: u32) -> u32 {
    let found = footprint(path, context_tokens).zip(machine(threads, gpu_layers));
    found.map_or(UNKNOWN, |(need, machine)| slots(need, machine))
}

fn slots(need: Footprint, machine: Machine) -> u32 {
    let free = machine.memory.saturating_sub(need.weights);
    let conversation = need.conversation.max(1);
    let by_memory = (free / 2 / conversation).max((free / conversation).min(FEW));
    let by_cores = machine.cores.saturating_mul(PER_CORE);
    u32::try_from(by_memory).unwrap_or(MOST).min(by_cores).clamp(1, MOST)
}

fn machine(threads: u32, gpu_layers: u32) -> Option<Machine> {
    if let Some(memory) = (gpu_layers > 0).then(gpu_memory).flatten() {
        return Some(Machine { memory, cores: MOST });
    }
    let cores = std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let group = ["memory.max", "memory.current", "memory.stat"].map(|file| read(&format!("/sys/fs/cgroup/{file}")));
    let memory = available(&read("/proc/meminfo"), &group)?;
    Some(Machine { memory, cores: if threads == 0 { cores } else { threads.min(cores) } })
}

/// Free memory in bytes: the system's (`/proc/meminfo`), or less if the control group's limit leaves less. `group` has
/// its files `memory.max`, `memory.current` and `memory.stat`, empty without one.
fn available(meminfo: &str, [max, current, stat]: &[String; 3]) -> Option<u64> {
    let of = |text: &str, name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix([' ', ':']))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let system = of(meminfo, "MemAvailable")?.saturating_mul(1024);
    let limit = max.trim().parse::<u64>().ok();
    let used = current.trim().parse::<u64>().unwrap_or(0).saturating_sub(of(stat, "inactive_file").unwrap_or(0));
    Some(limit.map_or(system, |limit| system.min(limit.saturating_sub(used))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    #[test]
    fn slots_are_what_memory_and_cores_bear() {
        // SmolLM2-135M, Llama 3.2 1B and an 8 B model, each with 8192 tokens per conversation.
        let smollm2 = Footprint { weights: 98_000_000, conversation: 189_000_000 };
        let llama_1b = Footprint { weights: 810_000_000, conversation: 268_000_000 };
        let llama_8b = Footprint { weights: 4_900_000_000, conversation: 1_074_000_000 };
        for (need, memory, cores, expected) in [
            (smollm2, 20 * GB, 2, 16),
            (smollm2, 20 * GB, 8, 32),
            (smollm2, 4 * GB, 2, 10),
            (llama_1b, 6 * GB, 4, 9),
            (llama_8b, 8 * GB, 8, 2),
            (llama_8b, 10 * GB, 8, 4),
            (llama_8b, 64 * GB, 16, 27),
            (llama_8b, 4 * GB, 8, 1),
            (llama_8b, u64::MAX, u32::MAX, 32),
            (Footprint { weights: 0, conversation: 0 }, u64::MAX, 1, 8),
        ] {
            assert_eq!(slots(need, Machine { memory, cores }), expected, "{need:?} in {memory} with {cores} cores");
        }
    }

    #[test]
    fn the_limit_of_a_container_counts_and_its_cache_is_free() {
        let meminfo = "MemTotal:       24000 kB\nMemFree:         1000 kB\nMemAvailable:   16000 kB\n";
        let group = |max: &str, current: &str, stat: &str| [max, current, stat].map(str::to_owned);
        assert_eq!(available(meminfo, &group("", "", "")), Some(16_384_000));
        assert_eq!(available(meminfo, &group("max\n", "5000\n", "")), Some(16_384_000));
        assert_eq!(available(meminfo, &group("10000\n", "6000\n", "file 9\ninactive_file 1500\n")), Some(5500));
        assert_eq!(available(meminfo, &group("10000\n", "20000\n", "")), Some(0));
        assert_eq!(available("", &group("10000", "0", "")), None);
    }

    #[test]
    fn the_demo_model_gets_slots_on_this_machine() {
        let tiny = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models/tiny/tiny-chat.gguf"));
        assert!((1..=MOST).contains(&choose(tiny, 0, 1, 0)));
        assert_eq!(choose(Path::new("/nowhere.gguf"), 0, 1, 0), UNKNOWN);
    }
}
