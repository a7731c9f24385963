//! Searches by words.

use ruche_store::{
    analysis::language::detect,
    search::{Mode, Search},
};
use serde_json::Value;

use super::{
    search_support::{Doc, Shelf, lookup, of_its_own, sources},
    support::{opened, tenant},
};

pub(super) async fn words_are_found_in_each_spelling(store: &dyn Search, shelf: &dyn Shelf) {
    let model = of_its_own(shelf, "spellings").await;
    for (source, text) in [
        ("nozzle", "The nozzle AX-4410/B fits hoses of 13 mm."),
        ("file", "Add it to /etc/fstab, as get_user_name() does."),
        ("mail", "Your e-mail address, and the oﬃce of the Château"),
        ("chinese", "借书证办理需要身份证"),
        ("isbn", "The handbook has the ISBN 978-3-16-148410-0."),
        ("isbn2", "The almanac has the ISBN 978-3-16-148411-0."),
        ("phone", "Ring +49 30 12345678 from nine to five."),
        ("mac", "The printer has the address 00:1A:2C:3C:4D:5E."),
        ("price", "The press costs 1,299.00 euros."),
        ("joined", "Order 4410227 by telephone."),
        ("joined2", "Order 441 0228 by telephone."),
    ] {
        shelf.document(&Doc::new(&model, source, text, &[1.0, 0.0, 0.0])).await;
    }
    for (text, expected) in [
        ("ax4410/b", "nozzle"),
        ("4410", "nozzle"),
        ("hose", "nozzle"),
        ("fstab", "file"),
        ("getUserName", "file"),
        ("user name", "file"),
        ("emails", "mail"),
        ("office", "mail"),
        ("chateau", "mail"),
        ("身份证", "chinese"),
        ("书", "chinese"),
    ] {
        let found =
            store.search(&tenant("acme"), &lookup(&model, Mode::Text, Some(text), None)).await.unwrap().unwrap();
        assert_eq!(sources(&found), [expected], "{text}");
    }
    for (text, expected) in [
        ("9783161484100", "isbn"),
        ("978 3 16 148411 0", "isbn2"),
        ("+493012345678", "phone"),
        ("001A2C3C4D5E", "mac"),
        ("1299", "price"),
        ("1.299,00", "price"),
        ("441-0227", "joined"),
        ("441 0227", "joined"),
        ("4410228", "joined2"),
    ] {
        let found =
            store.search(&tenant("acme"), &lookup(&model, Mode::Text, Some(text), None)).await.unwrap().unwrap();
        assert_eq!(sources(&found).first(), Some(&expected), "{text}: {:?}", sources(&found));
    }
}

#[tokio::test]
async fn words_are_found_in_the_language_of_their_document() {
    let (store, shelf) = opened().await;
    let model = of_its_own(&shelf, "languages").await;
    let french =
        Doc { language: "french", ..Doc::new(&model, "fr", "les remboursements sont payés", &[1.0, 0.0, 0.0]) };
    shelf.document(&french).await;
    shelf.document(&Doc::new(&model, "en", "refunds are paid", &[1.0, 0.0, 0.0])).await;
    shelf.document(&Doc { language: "simple", ..Doc::new(&model, "any", "refund RX-4711", &[1.0, 0.0, 0.0]) }).await;
    let search = async |text| {
        let found =
            store.search(&tenant("acme"), &lookup(&model, Mode::Text, Some(text), None)).await.unwrap().unwrap();
        let mut found: Vec<String> = sources(&found).into_iter().map(str::to_owned).collect();
        found.sort();
        found
    };
    assert_eq!(search("remboursement").await, ["fr"]);
    assert_eq!(search("refunding").await, ["any", "en"], "by its stem, also where no language is known");
    assert_eq!(search("RX-4711").await, ["any"]);
    assert_eq!(search("the of and").await, Vec::<String>::new(), "in none of them");
    for odd in ["'", "\\", "a & | ! <-> :* ()", "''; DROP TABLE chunks", "🙂", "-", "\"\"", "-\"", "日本語"] {
        assert_eq!(search(odd).await, Vec::<String>::new(), "{odd}");
    }
}

#[tokio::test]
async fn an_identifier_comes_before_its_lookalikes() {
    let (store, shelf) = opened().await;
    let model = of_its_own(&shelf, "lookalikes").await;
    let codes =
        ["KV22025/1", "KV22025/2", "KV22025/22", "KV22025/3", "KV22026/2", "KV2202/52", "KV 22027/2", "KV-22027/3"];
    for code in codes {
        let text = format!("Valve {code} costs 2 euros.");
        shelf.document(&Doc::new(&model, code, &text, &[1.0, 0.0, 0.0])).await;
        if code != "KV22025/2" {
            let list = format!("Of {code} there are 2 sorts. {code} is 2 mm wide and {code} is 2 mm high.");
            shelf.document(&Doc::new(&model, &format!("{code} list"), &list, &[1.0, 0.0, 0.0])).await;
        }
    }
    let longer = "KV22025: the valve of 2026 comes in 2 sorts, 2 colours and 2 sizes. KV22025 fits 2 hoses of KV22025.";
    shelf.document(&Doc::new(&model, "longer", longer, &[1.0, 0.0, 0.0])).await;
    for code in codes {
        let spellings = [code.to_owned(), code.to_lowercase(), code.replace(' ', ""), code.replace('-', " ")];
        for text in spellings.into_iter().chain([format!("What does {code} cost?"), code.replace("KV22", "KV-22")]) {
            let asked = lookup(&model, Mode::Text, Some(&text), None);
            let found = store.search(&tenant("acme"), &asked).await.unwrap().unwrap();
            let first = found[0].source.trim_end_matches(" list");
            assert_eq!(first, code, "{text}: {:?}", sources(&found));
        }
    }
}

#[tokio::test]
async fn a_size_or_unit_comes_before_near_ones() {
    let (store, shelf) = opened().await;
    for (set, texts, questions) in [
        (
            "sizes",
            &["M8x25", "M8x16", "M8x30", "M10x25", "M8x250", "M6x8"][..],
            &["M8 x 25", "M8×25", "m8*25", "M 8x25", "M 8 x 25", "price of m8x25"][..],
        ),
        ("orders", &["60 x 80 x 120 mm", "80 x 60 x 120 mm", "120 x 60 x 80 mm"], &["60 x 80 x 120 mm", "60×80×120"]),
        ("units", &["3.3 V", "3.3 mV", "3.3 kV", "3.3 V3"], &["3.3 V", "3.3V", "which is for 3,3 v?"]),
        ("prefixes", &["3.3 kV", "3.3 mV", "3.3 V"], &["3.3 kV", "3.3kV"]),
        ("fractions", &["1/2 inch", "1 1/2 inch", "2-1/2 inch", "1 inch and 2 feet"], &["1/2 inch", "½ inch"]),
        ("mixed", &["1 1/2 inch", "1/2 inch", "2 1/2 inch"], &["1 1/2 inch", "1½ inch", "1-1/2 inch"]),
        (
            "joined",
            &["E 272700 K", "E 272700 L", "F 272700 K", "E 272710 K"],
            &["E272700K", "e-272700-k", "E 272700 K"],
        ),
        ("weights", &["A 480 g", "B 480 g", "A 48 g", "A 480 kg"], &["A480g", "a 480 g"]),
        ("tyres", &["205/50 R 16", "205/55 R 16", "205/50 R 17", "195/50 R 16"], &["205/50R16", "205/50 r16"]),
        (
            "split codes",
            &["6ES7 214-1AG40-0XB0", "6ES7 214-1AG30-0XB0", "6ES7 214-1AG40-0XB1", "6ES7 215-1AG40-0XB0"],
            &["6ES7214-1AG40-0XB0", "6es7-214-1ag40-0xb0", "6ES72141AG400XB0", "6ES7 214 1AG40 0XB0"],
        ),
        ("micro", &["100 µF", "100 pF", "100 nF", "10 µF"], &["100uF", "100 \u{3bc}F", "100 uF", "100µF"]),
        ("ohms", &["10 kΩ", "10 Ω", "10 MΩ", "1 kΩ"], &["10kOhm", "10 kohm", "10kΩ"]),
        ("cold", &["-20 °C", "20 °C", "-2 °C"], &["-20 °C", "-20°C", "\u{2212}20 °C", "kept at -20 C", "-20"]),
        ("warm", &["20 °C", "-20 °C", "2 °C"], &["20 °C", "20°C", "20C"]),
        ("plus", &["Galaxy S21+", "Galaxy S21", "Galaxy S22+"], &["Galaxy S21+", "galaxy s21+", "S21+"]),
        ("no plus", &["Galaxy S21", "Galaxy S21+", "Galaxy S22"], &["Galaxy S21", "galaxy s21", "S21"]),
        ("grades", &["A+", "B+", "C++"], &["grade A+", "A+"]),
        ("models", &["Model Y", "Model 3", "Model X"], &["Model Y", "model y", "price of the Model Y"]),
        ("types", &["Type A", "Type B", "Type C"], &["Type A", "type a", "Which is Type A?"]),
        ("tyres2", &["205/50R16", "205/55R16", "205/50R17", "195/50R16"], &["205/50 R 16", "205/50 R16"]),
    ] {
        let model = of_its_own(&shelf, set).await;
        for text in texts {
            let long = format!("The part {text} is sold in the shop.");
            let source = format!("{set}: {text}");
            shelf.document(&Doc::new(&model, &source, &long, &[1.0, 0.0, 0.0])).await;
            if *text != texts[0] {
                let twice = format!("{text}, {text}");
                shelf.document(&Doc::new(&model, &(source + " twice"), &twice, &[1.0, 0.0, 0.0])).await;
            }
        }
        for question in questions {
            let asked = lookup(&model, Mode::Text, Some(question), None);
            let found = store.search(&tenant("acme"), &asked).await.unwrap().unwrap();
            assert_eq!(found[0].source, format!("{set}: {}", texts[0]), "{question}: {:?}", sources(&found));
        }
    }
}

#[tokio::test]
async fn a_last_word_of_a_compound_and_a_prefix_are_found() {
    let (store, shelf) = opened().await;
    let model = of_its_own(&shelf, "heads").await;
    for (source, language, text) in [
        ("policy", "german", "Die Haftpflichtversicherung zahlt den Schaden."),
        ("contract", "german", "Der Arbeitsvertrag ist befristet."),
        ("notice", "german", "Die Kündigungsfristen sind lang."),
        ("office", "simple", "המשרד סגור"),
        ("town", "simple", "עיר גדולה"),
    ] {
        shelf.document(&Doc { language, ..Doc::new(&model, source, text, &[1.0, 0.0, 0.0]) }).await;
    }
    for (text, expected) in [
        ("Versicherung", "policy"),
        ("Versicherungen", "policy"),
        ("Vertrag", "contract"),
        ("Arbeitsvertrag", "contract"),
        ("Frist", "notice"),
        ("משרד", "office"),
        ("בעיר", "town"),
    ] {
        let found =
            store.search(&tenant("acme"), &lookup(&model, Mode::Text, Some(text), None)).await.unwrap().unwrap();
        assert_eq!(sources(&found), [expected], "{text}");
    }
}

/// The sets by which searches are measured: part numbers, and words of many languages and spellings.
#[tokio::test]
async fn each_code_and_word_finds_its_document_by_words() {
    let (store, shelf) = opened().await;
    // Two parts have the number AX-4410; two texts have the word, one of them as `pass-word`; Snowball cuts музея and музей
    // differently.
    for (set, exceptions) in [("codes", &[][..]), ("words", &["AX-4410", "password", "музея"])] {
        let lines = |part: &str| -> Vec<Value> {
            let sets = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/search/sets");
            let text = std::fs::read_to_string(format!("{sets}/{set}-{part}.jsonl")).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let model = of_its_own(&shelf, set).await;
        for document in lines("documents") {
            let text = |name: &str| document[name].as_str().unwrap().to_owned();
            let doc = Doc::new(&model, &text("source"), &text("text"), &[1.0, 0.0, 0.0]);
            shelf.document(&Doc { language: detect(&text("text")), ..doc }).await;
        }
        for question in lines("questions") {
            let text = question["question"].as_str().unwrap();
            let asked = lookup(&model, Mode::Text, Some(text), None);
            let found = store.search(&tenant("acme"), &asked).await.unwrap().unwrap();
            let is_first = found.first().is_some_and(|hit| hit.source == question["expected"]);
            assert!(is_first || exceptions.contains(&text), "{text}: {:?}", sources(&found));
        }
    }
}

#[tokio::test]
async fn a_long_question_finds_what_has_its_rare_words_first() {
    let (store, shelf) = opened().await;
    let model = of_its_own(&shelf, "questions").await;
    for number in 0..20 {
        let text = format!("the worker takes jobs and the worker says how many jobs it takes {number}");
        shelf.document(&Doc::new(&model, &format!("common{number}"), &text, &[1.0, 0.0, 0.0])).await;
    }
    shelf.document(&Doc::new(&model, "rare", "drain a worker before it is replaced", &[1.0, 0.0, 0.0])).await;
    let search = async |text| {
        store.search(&tenant("acme"), &lookup(&model, Mode::Text, Some(text), None)).await.unwrap().unwrap()
    };
    let found = search("how can the worker that takes jobs be drained by an operator").await;
    assert_eq!((sources(&found)[0], found.len()), ("rare", 10));
    assert_eq!(sources(&search("\"drain a worker\"").await), ["rare"], "a phrase must occur");
    assert!(!sources(&search("worker -drain").await).contains(&"rare"), "and this must not");
}

#[tokio::test]
async fn what_was_found_is_marked_and_safe_within_a_page() {
    let (store, shelf) = opened().await;
    let model = of_its_own(&shelf, "marks").await;
    let text = "Beware: <script>alert('x')</script> & refunds are <b>paid</b> within 5 days.";
    shelf.document(&Doc::new(&model, "html", text, &[1.0, 0.0, 0.0])).await;
    let mut asked = lookup(&model, Mode::Hybrid, Some("is a refund paid"), Some(&[1.0, 0.0, 0.0]));
    asked.highlight = true;
    let found = store.search(&tenant("acme"), &asked).await.unwrap().unwrap();
    let marked = found[0].highlights.join(" ");
    assert!(marked.contains("<mark>refunds</mark>") && marked.contains("<mark>paid</mark>"), "{marked}");
    let plain = marked.replace("<mark>", "").replace("</mark>", "");
    assert!(!plain.contains(['<', '>']), "{marked}");
    asked.text = Some("honey".to_owned());
    assert_eq!(store.search(&tenant("acme"), &asked).await.unwrap().unwrap()[0].highlights, Vec::<String>::new());
}
