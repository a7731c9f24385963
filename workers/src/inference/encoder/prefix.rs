//! Prefixes that embedding models expect, by model name. Source: the models' cards. A model trained with prefixes
//! finds less without them; any other takes them for text.

use ruche_schemas::kinds::embed::Purpose;

/// The instruction for a search query. E5 adds a space at the end, Qwen does not.
const INSTRUCTION: &str =
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ";
const QWEN: &str = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:";

/// Parts of the name, query prefix, passage prefix. The first match counts.
const KNOWN: [(&[&str], &str, &str); 9] = [
    (&["e5", "instruct"], INSTRUCTION, ""),
    (&["e5"], "query: ", "passage: "),
    (&["nomic"], "search_query: ", "search_document: "),
    (&["qwen3", "embedding"], QWEN, ""),
    (&["embeddinggemma"], "task: search result | query: ", "title: none | text: "),
    (&["bge", "m3"], "", ""),
    (&["bge", "en"], "Represent this sentence for searching relevant passages: ", ""),
    (&["mxbai"], "Represent this sentence for searching relevant passages: ", ""),
    (&["minilm"], "", ""),
];

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefixes {
    query: String,
    passage: String,
}

impl Prefixes {
    /// As configured; `auto` takes the prefixes of the named model, or none for an unknown one.
    #[must_use]
    pub fn new(query: &str, passage: &str, name: &str) -> Self {
        let (known_query, known_passage) = known(name);
        let set = |set: &str, known: &str| if set == "auto" { known.to_owned() } else { set.to_owned() };
        Self { query: set(query, known_query), passage: set(passage, known_passage) }
    }

    #[must_use]
    pub fn of(&self, purpose: Option<Purpose>) -> &str {
        match purpose {
            Some(Purpose::Query) => &self.query,
            Some(Purpose::Passage) => &self.passage,
            None => "",
        }
    }
}

fn known(name: &str) -> (&'static str, &'static str) {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let fits = |wanted: &&[&str]| wanted.iter().all(|word| words.contains(word));
    KNOWN.iter().find(|(wanted, ..)| fits(wanted)).map_or(("", ""), |(_, query, passage)| (query, passage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_tells_its_prefixes() {
        for (name, query, passage) in [
            ("multilingual-e5-small-q8_0", "query: ", "passage: "),
            ("multilingual-e5-large-instruct", INSTRUCTION, ""),
            ("mine nomic-embed-text-v1.5 (nomic-bert, 140 MB)", "search_query: ", "search_document: "),
            ("Qwen3-Embedding-0.6B", QWEN, ""),
            ("bge-m3", "", ""),
            ("BGE-small-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
            ("all-MiniLM-L6-v2", "", ""),
            ("somebody's 9e5d model", "", ""),
        ] {
            let prefixes = Prefixes::new("auto", "auto", name);
            assert_eq!(
                (prefixes.of(Some(Purpose::Query)), prefixes.of(Some(Purpose::Passage))),
                (query, passage),
                "{name}"
            );
            assert_eq!(prefixes.of(None), "");
        }
    }

    #[test]
    fn what_is_set_counts_more() {
        let prefixes = Prefixes::new("", "doc: ", "e5-base");
        assert_eq!((prefixes.of(Some(Purpose::Query)), prefixes.of(Some(Purpose::Passage))), ("", "doc: "));
    }
}
