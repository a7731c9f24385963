//! A document's language: the text search configuration of Postgres that splits its text into words and stems them.
//!
//! `simple` does not stem and is usable for every language.

/// The configurations of Postgres 16, with the language's code of ISO 639-1 if it has one.
pub const LANGUAGES: [(&str, &str); 29] = [
    ("simple", ""),
    ("arabic", "ar"),
    ("armenian", "hy"),
    ("basque", "eu"),
    ("catalan", "ca"),
    ("danish", "da"),
    ("dutch", "nl"),
    ("english", "en"),
    ("finnish", "fi"),
    ("french", "fr"),
    ("german", "de"),
    ("greek", "el"),
    ("hindi", "hi"),
    ("hungarian", "hu"),
    ("indonesian", "id"),
    ("irish", "ga"),
    ("italian", "it"),
    ("lithuanian", "lt"),
    ("nepali", "ne"),
    ("norwegian", "no"),
    ("portuguese", "pt"),
    ("romanian", "ro"),
    ("russian", "ru"),
    ("serbian", "sr"),
    ("spanish", "es"),
    ("swedish", "sv"),
    ("tamil", "ta"),
    ("turkish", "tr"),
    ("yiddish", "yi"),
];

/// Takes an English name or a code, also with a region: `french`, `fr`, `fr-CA`. The error comes after the field's
/// name in a message.
pub fn configuration(language: &str) -> Result<&'static str, String> {
    let wanted = language.trim().to_lowercase();
    let code = wanted.split(['-', '_']).next().unwrap_or_default();
    let known = |(name, short): &&(&'static str, &str)| *name == wanted || (!code.is_empty() && *short == code);
    LANGUAGES.iter().find(known).map(|(name, _)| *name).ok_or_else(|| {
        let shown: String = language.chars().take(40).collect();
        let all: Vec<String> = LANGUAGES
            .iter()
            .map(|(name, short)| if short.is_empty() { (*name).to_owned() } else { format!("{name} ({short})") })
            .collect();
        format!("{shown:?} is no language that is known: take one of {}; or simple, for any", all.join(", "))
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
            (" de ", "german"),
        ] {
            assert_eq!(configuration(said), Ok(expected), "{said}");
        }
        for unknown in ["", "-", "xx", "klingon", "fr; DROP TABLE chunks"] {
            let error = configuration(unknown).expect_err(unknown);
            assert!(error.contains("french (fr)") && error.contains("simple"), "{error}");
        }
    }
}
