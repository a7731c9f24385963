use super::*;

fn asking(question: &str) -> Question {
    Question::of(&[Message { role: Role::User, content: question.to_owned() }], &[])
}

fn of(text: &str, question: &str) -> Vec<(String, f32)> {
    let question = asking(question);
    let candidates = question.candidates("", text);
    let bonuses = question.bonuses(&candidates);
    candidates.into_iter().map(|one| one.text).zip(bonuses).collect()
}

#[test]
fn the_most_alike_sentence_is_preferred() {
    let found = of("# Opening\n- Saturday: 9:00\n- Sunday: closed", "Are you \"open\" on Sunday?");
    assert!(found[0].1 == f32::NEG_INFINITY, "a heading is no answer");
    assert!(found[2].1 > found[1].1 && found[1].1 > 0.0, "{found:?}: `open` stands above both");
}

#[test]
fn a_price_is_asked_in_many_words() {
    let pump = "# Pump P-100\n\n- Flow: 40 litres\n- Price: 99 euros\n- Width: 12 cm\n";
    for question in ["How much is the P-100?", "Cost of the P-100", "Combien coûte la P-100 ?", "p100 price"] {
        let found = of(pump, question);
        assert!(found[2].1 > 8.0 && found[2].1 > found[1].1 + 0.5, "{question}: {found:?}");
    }
    let found = of(pump, "What flow does the P-100 have?");
    assert!(found[1].1 > found[2].1, "{found:?}");
}

#[test]
fn numbers_and_identifiers_of_the_question_decide() {
    let forbidden = |text: &str, question: &str| {
        let found = of(text, question).into_iter().filter(|(_, bonus)| *bonus == f32::NEG_INFINITY);
        found.map(|(text, _)| text).collect::<Vec<_>>()
    };
    let toasters = "The toaster TS 1000 has 4 slots. The toaster TS 100 has 2 slots.";
    assert_eq!(forbidden(toasters, "Slots of TS 100?"), ["The toaster TS 1000 has 4 slots."]);
    assert_eq!(forbidden(toasters, "Slots of TS 500?"), [""; 0]);
    let clauses = "Clause 14 costs 42 euros. Clause 42 costs 126 euros.";
    assert_eq!(forbidden(clauses, "What does clause 42 say?"), ["Clause 14 costs 42 euros."]);
    assert_eq!(forbidden(clauses, "Who pays 42 euros?"), ["Clause 42 costs 126 euros."]);
    let parts = "# X-1\n\nPower: 99 W\n\n# X-10\n\nPower: 450 W\n";
    assert_eq!(forbidden(parts, "Power of X-10?"), ["X-1.", "Power: 99 W.", "X-10."]);
}

#[test]
fn a_number_is_known_in_each_spelling_and_no_near_one_is() {
    let best = |text: &str, question: &str| {
        let found = of(text, question).into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
        found.filter(|(_, bonus)| *bonus > f32::NEG_INFINITY).map(|(text, _)| text)
    };
    let phones = "Sales: +49 421 5550110\n\nService: (0421) 555 01 40\n";
    for (question, expected) in [
        ("(0421) 555 01 10", "Sales: +49 421 5550110."),
        ("Whose is 0421-555-0110?", "Sales: +49 421 5550110."),
        ("0421 5550140", "Service: (0421) 555 01 40."),
    ] {
        assert_eq!(best(phones, question).as_deref(), Some(expected), "{question}");
        let (_, bonus) = of(phones, question).into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert!(bonus > 2.0, "{question}: {bonus}");
    }
    let parts = "4711-0815 Dichtung, 2,10 €\n\nOrder 2026-004521 was cancelled.\n\nDIN EN 12464-1 is for rooms.\n";
    for (question, is_elsewhere) in [
        ("(0421) 555 01 99", true),
        ("Was kostet 4711-0817?", true),
        ("Was kostet 4711-0815?", false),
        ("What happened to order 2026-004520?", true),
        ("DIN EN 12464-3", true),
        ("EN12464-1", false),
        ("Ist um 18:30 offen?", false),
    ] {
        assert_eq!(asking(question).is_elsewhere(&[phones, parts]), is_elsewhere, "{question}");
    }
    let orders = "Order 10054 was sent. Order 10099 was lost. Order 10100 is new.";
    let found = of(orders, "Was order 10054 or 10099 sent?");
    let forbidden: Vec<bool> = found.iter().map(|(_, bonus)| *bonus == f32::NEG_INFINITY).collect();
    assert_eq!(forbidden, [false, false, true], "no sentence has both");
}

/// The only sentence that is left, if it is one.
fn only(text: &str, question: &str) -> String {
    let found = of(text, question).into_iter().filter(|(_, bonus)| *bonus > f32::NEG_INFINITY);
    found.map(|(text, _)| text).collect::<Vec<_>>().join(" | ")
}

#[test]
fn another_size_is_left_out() {
    let sizes = ["M8x16", "M8x20", "M8x25", "M8x250", "M8x30", "M10x25", "M6x25", "M10x8"];
    let of = |write: &dyn Fn(&str) -> String| sizes.map(write).concat();
    let lines = of(&|size| format!("- Bolt {size}: {} cents\n", size.len()));
    let rows = of(&|size| format!("Size: {size}; Price: 3 euros\n"));
    let table = format!("| Size | Price |\n|---|---|\n{}", of(&|size| format!("| {size} | 3 |\n")));
    let documents = of(&|size| format!("# Bolt {size}\n\nIt costs {} euros.\n\n", size.len()));
    let spaced = of(&|size| format!("The bolt {} is here.\n", size.replace('x', " x ")));
    for question in
        ["M8 x 25", "M8×25", "m8*25", "M 8x25", "M 8 x 25", "M8x25", "m8 X 25", "What does the bolt M8 × 25 cost?"]
    {
        assert_eq!(only(&lines, question), "Bolt M8x25: 5 cents.", "{question}");
        assert_eq!(only(&rows, question), "Size: M8x25, Price: 3 euros.", "{question}");
        assert_eq!(only(&table, question), "Size: M8x25, Price: 3.", "{question}");
        assert_eq!(only(&documents, question), "It costs 5 euros.", "{question}");
        assert_eq!(only(&spaced, question), "The bolt M8 x 25 is here.", "{question}");
    }
    let boxes = "- Box A: 60 x 80 x 120 mm\n- Box B: 80 x 60 x 120 mm\n- Box C: 60 x 80 x 100 mm\n";
    for question in ["60 x 80 x 120 mm", "60×80×120 mm", "Which box has 60x80x120mm?"] {
        assert_eq!(only(boxes, question), "Box A: 60 x 80 x 120 mm.", "{question}");
    }
}

#[test]
fn a_longer_product_is_left_out() {
    for (text, question, expected) in [
        ("The T-90 S weighs 46 kg. The T-90 weighs 44 kg.", "What does the T-90 weigh?", "The T-90 weighs 44 kg."),
        ("The T-90 S weighs 46 kg. The T-90 weighs 44 kg.", "What does the T-90 S weigh?", "The T-90 S weighs 46 kg."),
        ("T90 S: 46 kg.\n\nT90: 44 kg.", "weight of the T 90", "T90: 44 kg."),
        (
            "The iPhone 13 Pro costs 1000 euros. The iPhone 13 costs 800 euros.",
            "What does iPhone 13 cost?",
            "The iPhone 13 costs 800 euros.",
        ),
        (
            "The iPhone 13 Pro costs 1000 euros. The iPhone 13 costs 800 euros.",
            "What does iPhone 13 Pro cost?",
            "The iPhone 13 Pro costs 1000 euros.",
        ),
        (
            "# iPhone 13 Pro\n\nPrice: 1000 euros\n\n# iPhone 13\n\nPrice: 800 euros\n",
            "price of the iphone 13",
            "Price: 800 euros.",
        ),
        (
            "Galaxy S21 Ultra: 900 euros.\n\nGalaxy S21: 700 euros.\n\nGalaxy S22: 701 euros.",
            "How much is the Galaxy S21?",
            "Galaxy S21: 700 euros.",
        ),
        (
            "Part: PX-310/A; Price: 3\nPart: PX-310/B; Price: 4\nPart: PX-310; Price: 5\n",
            "What does PX 310 A cost?",
            "Part: PX-310/A, Price: 3.",
        ),
        (
            "Part: PX-310/A; Price: 3\nPart: PX-310/B; Price: 4\nPart: PX-310; Price: 5\n",
            "What does PX 310 cost?",
            "Part: PX-310, Price: 5.",
        ),
        ("Part: PX 310 A; Price: 3\nPart: PX 310 B; Price: 4\n", "px310b", "Part: PX 310 B, Price: 4."),
    ] {
        assert_eq!(only(text, question), expected, "{question}");
    }
    assert_eq!(only("The T-90 S weighs 46 kg.", "T-90 weight"), "The T-90 S weighs 46 kg.", "there is no other");
    let asked = "Is the T-90 or the T-90 S heavier?";
    assert_eq!(only("T-90 S: 46 kg.\n\nT-90: 44 kg.", asked), "T-90 S: 46 kg. | T-90: 44 kg.");
}

#[test]
fn another_unit_or_fraction_is_left_out() {
    let volts = "- R1 is for 3.3 mV\n- R2 is for 3.3 kV\n- R3 is for 3.3 V\n- R4 is for 5 V\n";
    for (question, expected) in
        [("3.3 V", "R3 is for 3.3 V."), ("Which is for 3.3kV?", "R2 is for 3.3 kV."), ("3,3 mV", "R1 is for 3.3 mV.")]
    {
        assert!(only(volts, question).starts_with(expected), "{question}: {}", only(volts, question));
        assert!(
            !only(volts, question).contains("3.3 ") || only(volts, question).matches("3.3 ").count() == 1,
            "{question}"
        );
    }
    let pipes = "- Pipe A is 1 1/2 inch\n- Pipe B is 1/2 inch\n- Pipe C is 2 1/2 inch\n";
    for (question, expected) in [
        ("Which pipe is 1/2 inch?", "Pipe B is 1/2 inch."),
        ("Which pipe is ½ inch?", "Pipe B is 1/2 inch."),
        ("Which pipe is 1 1/2 inch?", "Pipe A is 1 1/2 inch."),
        ("Which pipe is 1½ inch?", "Pipe A is 1 1/2 inch."),
    ] {
        assert_eq!(only(pipes, question), expected, "{question}");
    }
    let tyres = "- 205/50 R 16 costs 60 euros\n- 205/55 R 16 costs 65 euros\n- 195/50R16 costs 50 euros\n";
    for question in ["205/50R16", "205/50 R16", "205/50 r 16 price"] {
        assert_eq!(only(tyres, question), "205/50 R 16 costs 60 euros.", "{question}");
    }
    let parts =
        "- E 272700 K is red\n- E 272700 L is blue\n- A 480 g is green\n- A-490-G is grey\n- F-272700-K is white\n";
    for (question, expected) in [
        ("E272700K", "E 272700 K is red."),
        ("e-272700-l", "E 272700 L is blue."),
        ("A480g", "A 480 g is green."),
        ("a490g", "A-490-G is grey."),
        ("F 272700 K", "F-272700-K is white."),
    ] {
        assert_eq!(only(parts, question), expected, "{question}");
    }
    let days = "Delivery takes 8 days. You can return it within 14 days.";
    assert_eq!(
        only(days, "Can I return it after 8 days?"),
        "Delivery takes 8 days. | You can return it within 14 days."
    );
}

#[test]
fn headings_without_a_text_are_not_all_counted() {
    let text = "# 4711 a\n".repeat(1_000) + "# AX-1\n\nIt is red.\n";
    let candidates = asking("AX-1").candidates("", &text);
    assert!(candidates.iter().all(|one| one.whole.len() < 100));
    assert_eq!(candidates.last().map(|one| one.named.clone()), Some(vec![ABOVE]));
}

#[test]
fn what_no_passage_names_is_elsewhere() {
    let passages = ["SP-02 costs 18.90.", "Order 10054 was sent in 2024."];
    for (question, expected) in [
        ("How much is P-400?", true),
        ("How much is SP-02?", false),
        ("When was order 10099 sent?", true),
        ("When was order 10054 sent?", false),
        ("Was order 10054 or 10099 sent?", false),
        ("What was sent in 3 days?", false),
        ("What was sent?", false),
        ("7", true),
        ("18:30", true),
        ("18.90", false),
        ("", true),
        ("???", true),
    ] {
        assert_eq!(asking(question).is_elsewhere(&passages), expected, "{question}");
    }
}

#[test]
fn a_word_that_no_sentence_has_weighs_as_well() {
    let text = "The owner is Marie. Dogs are welcome.";
    let best = |question: &str| of(text, question).iter().map(|(_, bonus)| *bonus).fold(0.0, f32::max);
    assert!(best("Who is the owner?") > 8.0);
    assert!(best("Who is the owner of the bakery in Paris?") < 5.0);
    assert!(best("What is the weather?") < 1.0);
    assert!(best("") == 0.0);
}

#[test]
fn a_title_names_what_its_sentences_are_about() {
    let asked = asking("Noise of the Torvald 750?");
    let named = |outside: &str, text: &str| {
        asked.candidates(outside, text).last().map(|one| one.named.clone()).unwrap_or_default()
    };
    assert_eq!(named("Torvald 750 pump\nNoise", "It is 58 dB."), [OUTSIDE]);
    assert_eq!(named("", "# Torvald 750\n\n## Weight\n\n9 kg\n\n## Noise\n\n58 dB"), [OUTSIDE]);
    assert_eq!(named("", "# Torvald 750\n\n58 dB"), [ABOVE]);
    assert_eq!(named("", "# Torvald 750\n\n9 kg\n\n# Torvald 900\n\n58 dB"), [0.0]);
}

#[test]
fn a_sentence_with_a_pronoun_is_quoted_with_the_one_before() {
    let quoted = |text: &str| asking("How much is it?").candidates("", text).last().map(|one| one.quoted());
    let expected = Some("Breakfast is at six. It costs 18 euros.".to_owned());
    assert_eq!(quoted("Breakfast is at six. It costs 18 euros."), expected);
    assert_eq!(quoted("Breakfast is at six.\n\nIt costs 18 euros."), Some("It costs 18 euros.".to_owned()));
    assert_eq!(quoted("- Breakfast\n- It costs 18 euros."), Some("It costs 18 euros.".to_owned()));
    assert_eq!(quoted("Breakfast is at six. Lunch costs 18 euros."), Some("Lunch costs 18 euros.".to_owned()));
    let three = "Tea is hot. It is green. It costs 3 euros.";
    assert_eq!(quoted(three), Some("Tea is hot. It costs 3 euros.".to_owned()));
}

#[test]
fn the_sign_of_a_number_is_no_operator() {
    assert_eq!(without_operators("at -20 °C -red"), "at -20 °C red");
    assert_eq!(only("Store A at -20 °C. Store B at 20 °C.", "What is at -20 °C?"), "Store A at -20 °C.");
}
