use super::*;

fn asking(question: &str) -> Question {
    Question::of(&[Message { role: Role::User, content: question.to_owned() }])
}

fn of(text: &str, question: &str) -> Vec<(String, f32)> {
    let question = asking(question);
    let candidates = question.candidates(text);
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
    assert_eq!(forbidden(clauses, "Who pays 42 euros?"), [""; 0]);
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

#[test]
fn headings_without_a_text_are_not_all_counted() {
    let text = "# 4711 a\n".repeat(1_000) + "# AX-1\n\nIt is red.\n";
    let candidates = asking("AX-1").candidates(&text);
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
