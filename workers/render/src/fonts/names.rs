//! Maps names in style sheets to font families.

pub const SERIF: &str = "Libertinus Serif";
pub const SANS: &str = "Inter";
pub const MONO: &str = "DejaVu Sans Mono";
pub const EMOJI: &str = "Twemoji Mozilla";
/// Has the metrics of Arial and Helvetica, so that lines break at the same places.
const ARIAL: &str = "Liberation Sans";
const MODERN: &str = "New Computer Modern";

/// For scripts that a text's own families lack.
pub const SCRIPTS: [&str; 2] = ["Noto Sans Hebrew", "Noto Naskh Arabic"];
/// The last families of a document's fonts; `fallback` in ruche.typ names them too.
pub const FALLBACK: [&str; 3] = [EMOJI, SCRIPTS[0], SCRIPTS[1]];

/// The families, with the lower-case names that stand for them.
#[rustfmt::skip]
const NAMES: [(&str, &[&str]); 7] = [
    (
        SERIF,
        &[
            "serif", "ui-serif", "times", "times new roman", "georgia", "garamond", "palatino", "palatino linotype",
            "book antiqua", "cambria", "baskerville", "liberation serif", "noto serif", "source serif pro",
            "source serif 4", "merriweather", "lora", "linux libertine", "linux libertine o", "libertinus", "charter",
            "cursive", "fantasy",
        ],
    ),
    (
        SANS,
        &[
            "sans-serif", "system-ui", "ui-sans-serif", "ui-rounded", "-apple-system", "blinkmacsystemfont",
            "segoe ui", "roboto", "san francisco", "sf pro", "sf pro text", "sf pro display", "oxygen", "ubuntu",
            "cantarell", "fira sans", "droid sans", "open sans", "noto sans", "source sans pro", "source sans 3",
            "lato", "calibri", "verdana", "tahoma", "trebuchet ms", "lucida grande", "lucida sans unicode", "geneva",
            "avenir", "avenir next", "inter var", "inter variable", "montserrat", "dejavu sans",
        ],
    ),
    (
        ARIAL,
        &[
            "arial", "helvetica", "helvetica neue", "arimo", "nimbus sans",
        ],
    ),
    (
        MONO,
        &[
            "monospace", "ui-monospace", "courier", "courier new", "consolas", "menlo", "monaco", "sfmono-regular",
            "sf mono", "liberation mono", "lucida console", "andale mono", "source code pro", "fira code", "fira mono",
            "jetbrains mono", "roboto mono", "ubuntu mono", "ubuntu monospace", "cascadia code", "cascadia mono",
            "noto sans mono", "droid sans mono", "bitstream vera sans mono", "ibm plex mono",
        ],
    ),
    (
        EMOJI,
        &[
            "emoji", "apple color emoji", "segoe ui emoji", "segoe ui symbol", "noto color emoji", "twemoji",
            "twitter color emoji", "android emoji", "emojisymbols", "emojione mozilla",
        ],
    ),
    (
        MODERN,
        &[
            "computer modern", "cmu serif", "latin modern roman", "latin modern", "lmodern",
        ],
    ),
    (
        "New Computer Modern Math",
        &[
            "math", "latin modern math", "cambria math", "stix two math",
        ],
    ),
];

pub(super) fn family(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(family, _)| *family)
}
