//! Loads a GGUF file, for every use of llama.cpp; explains why one can't be loaded.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use llama_cpp_2::{
    LogOptions, list_llama_ggml_backend_devices,
    llama_backend::LlamaBackend,
    model::{LlamaModel, params::LlamaModelParams},
    send_logs_to_tracing,
};

use super::devices;
use crate::inference::model::LoadError;

#[derive(Debug, Clone, Copy)]
pub(super) struct ModelFile<'a> {
    pub(super) path: &'a Path,
    /// The settings section that names it.
    pub(super) section: &'static str,
    pub(super) gpu_layers: u32,
}

impl ModelFile<'_> {
    pub(super) fn load(&self) -> Result<(&'static LlamaBackend, Arc<LlamaModel>), LoadError> {
        check_processor()?;
        self.check_file()?;
        let backend = backend().as_ref().map_err(|error| self.refused(error.clone()))?;
        let parameters = LlamaModelParams::default().with_n_gpu_layers(self.gpu_layers);
        let model = LlamaModel::load_from_file(backend, self.path, &parameters).map_err(|error| {
            let hint = "llama.cpp's own words are in the log above, most often it is no whole GGUF file";
            self.refused(format!("{error}; {hint}"))
        })?;
        Ok((backend, Arc::new(model)))
    }

    pub(super) fn refused(&self, reason: String) -> LoadError {
        LoadError::Refused { path: self.path.display().to_string(), reason }
    }

    /// The GPU with layers, if any; warns if GPU layers were requested and there is none.
    pub(super) fn gpu(&self) -> Option<String> {
        let gpu = devices::gpu(&list_llama_ggml_backend_devices(), self.gpu_layers);
        if gpu.is_none() && self.gpu_layers > 0 {
            let (section, layers) = (self.section, self.gpu_layers);
            tracing::warn!(
                section,
                gpu_layers = layers,
                "no GPU is found, or this build has no support for it: using the CPU"
            );
        }
        gpu
    }

    fn check_file(&self) -> Result<(), LoadError> {
        let (path, section) = (self.path.display().to_string(), self.section);
        let unreadable = |reason: String| LoadError::Unreadable { path: path.clone(), reason, section };
        let file = std::fs::File::open(self.path).map_err(|error| unreadable(error.to_string()))?;
        let metadata = file.metadata().map_err(|error| unreadable(error.to_string()))?;
        if metadata.is_file() { Ok(()) } else { Err(unreadable("it is not a file".to_owned())) }
    }
}

/// The number of threads; 0 means the number of cores.
pub(super) fn threads(asked: u32) -> i32 {
    let cores = || std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
    let threads = if asked == 0 { cores() } else { asked };
    i32::try_from(threads.clamp(1, 512)).unwrap_or(1)
}

/// Kind and size of a model, for people.
pub(super) fn description(model: &LlamaModel) -> String {
    let value = |key: &str| model.meta_val_str(key).unwrap_or_default();
    let name = value("general.name");
    let architecture = value("general.architecture");
    let megabytes = model.size() / 1_000_000;
    format!("{name} ({architecture}, {megabytes} MB)").trim().to_owned()
}

/// llama.cpp's process-wide state: initialized once, never freed.
pub fn backend() -> &'static Result<LlamaBackend, String> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    BACKEND.get_or_init(|| {
        send_logs_to_tracing(LogOptions::default());
        LlamaBackend::init().map_err(|error| error.to_string())
    })
}

/// Without these instructions the process would die with SIGILL.
#[cfg(target_arch = "x86_64")]
fn check_processor() -> Result<(), LoadError> {
    let wanted = [
        ("AVX2", std::is_x86_feature_detected!("avx2")),
        ("FMA", std::is_x86_feature_detected!("fma")),
        ("F16C", std::is_x86_feature_detected!("f16c")),
        ("BMI2", std::is_x86_feature_detected!("bmi2")),
    ];
    let missing: Vec<_> = wanted.iter().filter(|(_, found)| !found).map(|(name, _)| *name).collect();
    if missing.is_empty() { Ok(()) } else { Err(LoadError::Processor { missing: missing.join(", ") }) }
}

#[cfg(not(target_arch = "x86_64"))]
fn check_processor() -> Result<(), LoadError> {
    Ok(())
}
