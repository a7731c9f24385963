//! The language of a document, which decides how its words are stemmed.
//!
//! `simple` does not stem and is usable for every language.

/// The languages by name, with the code of ISO 639-1 if there is one.
pub const LANGUAGES: [(&str, &str); 37] = [
    ("simple", ""),
    ("arabic", "ar"),
    ("armenian", "hy"),
    ("basque", "eu"),
    ("catalan", "ca"),
    ("chinese", "zh"),
    ("czech", "cs"),
    ("danish", "da"),
    ("dutch", "nl"),
    ("english", "en"),
    ("estonian", "et"),
    ("finnish", "fi"),
    ("french", "fr"),
    ("german", "de"),
    ("greek", "el"),
    ("hindi", "hi"),
    ("hungarian", "hu"),
    ("indonesian", "id"),
    ("irish", "ga"),
    ("italian", "it"),
    ("japanese", "ja"),
    ("korean", "ko"),
    ("lithuanian", "lt"),
    ("nepali", "ne"),
    ("norwegian", "no"),
    ("persian", "fa"),
    ("polish", "pl"),
    ("portuguese", "pt"),
    ("romanian", "ro"),
    ("russian", "ru"),
    ("serbian", "sr"),
    ("spanish", "es"),
    ("swedish", "sv"),
    ("tamil", "ta"),
    ("turkish", "tr"),
    ("ukrainian", "uk"),
    ("yiddish", "yi"),
];

/// In place of a language: each document's is detected from its text.
pub const AUTO: &str = "auto";

/// Takes an English name or a code, also with a region: `french`, `fr`, `fr-CA`. The error comes after the field's
/// name in a message.
pub fn language(said: &str) -> Result<&'static str, String> {
    let wanted = said.trim().to_lowercase();
    if wanted == AUTO {
        return Ok(AUTO);
    }
    let code = wanted.split(['-', '_']).next().unwrap_or_default();
    let known = |(name, short): &&(&'static str, &str)| *name == wanted || (!code.is_empty() && *short == code);
    LANGUAGES.iter().find(known).map(|(name, _)| *name).ok_or_else(|| {
        let shown: String = said.chars().take(40).collect();
        let all: Vec<String> = LANGUAGES
            .iter()
            .map(|(name, short)| if short.is_empty() { (*name).to_owned() } else { format!("{name} ({short})") })
            .collect();
        format!(
            "{shown:?} is no language that is known: take one of {}; simple, for any; or auto, to have it detected",
            all.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_name_and_its_code() {
        for (said, expected) in [
            ("fr", "french"),
            ("FR-ca", "french"),
            ("en_GB", "english"),
            ("French", "french"),
            ("simple", "simple"),
            ("Auto", "auto"),
            (" de ", "german"),
        ] {
            assert_eq!(language(said), Ok(expected), "{said}");
        }
        for unknown in ["", "-", "xx", "klingon", "fr; DROP TABLE chunks"] {
            let error = language(unknown).expect_err(unknown);
            assert!(error.contains("french (fr)") && error.contains("simple"), "{error}");
        }
    }
}
