//! The GPU that a model runs on, for operators.

use llama_cpp_2::{LlamaBackendDevice, LlamaBackendDeviceType};

/// The devices with layers, such as `NVIDIA H100 80GB HBM3` or `2 x NVIDIA L4`; `None` if all are on the CPU.
/// llama.cpp divides layers among all discrete GPUs, and uses integrated ones only if there are no others.
pub(super) fn gpu(devices: &[LlamaBackendDevice], gpu_layers: u32) -> Option<String> {
    if gpu_layers == 0 {
        return None;
    }
    let names = |wanted: LlamaBackendDeviceType| {
        let of_type = devices.iter().filter(move |device| device.device_type == wanted);
        of_type.map(|device| if device.description.is_empty() { &device.name } else { &device.description })
    };
    let mut found: Vec<&String> = names(LlamaBackendDeviceType::Gpu).collect();
    if found.is_empty() {
        found = names(LlamaBackendDeviceType::IntegratedGpu).take(1).collect();
    }
    found.sort();
    let words = found.chunk_by(|a, b| a == b).map(|same| match same.len() {
        1 => same[0].clone(),
        count => format!("{count} x {}", same[0]),
    });
    let words = words.collect::<Vec<_>>().join(", ");
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(description: &str, device_type: LlamaBackendDeviceType) -> LlamaBackendDevice {
        LlamaBackendDevice {
            index: 0,
            name: "CUDA0".to_owned(),
            description: description.to_owned(),
            backend: "CUDA".to_owned(),
            memory_total: 0,
            memory_free: 0,
            device_type,
        }
    }

    #[test]
    fn the_gpus_that_layers_are_on_are_named() {
        use LlamaBackendDeviceType::{Cpu, Gpu, IntegratedGpu};
        let (cpu, inside) = (device("AMD EPYC", Cpu), device("Radeon 780M", IntegratedGpu));
        let (h100, l4) = (device("NVIDIA H100", Gpu), device("NVIDIA L4", Gpu));
        assert_eq!(gpu(&[cpu.clone(), h100.clone()], 0), None, "no layer is on it");
        assert_eq!(gpu(std::slice::from_ref(&cpu), 99), None, "there is none");
        assert_eq!(gpu(&[inside.clone(), cpu.clone()], 99).as_deref(), Some("Radeon 780M"));
        assert_eq!(gpu(&[cpu, h100.clone(), inside], 1).as_deref(), Some("NVIDIA H100"));
        assert_eq!(gpu(&[l4.clone(), h100, l4], 99).as_deref(), Some("NVIDIA H100, 2 x NVIDIA L4"));
        assert_eq!(gpu(&[device("", Gpu)], 99).as_deref(), Some("CUDA0"));
    }
}
