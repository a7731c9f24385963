use super::*;

fn has(question: &str, text: &str, language: &str) -> bool {
    let text = Text::of(text, language);
    needs(question, language).expect("words").words.iter().all(|need| text.has(need))
}

#[test]
fn a_text_has_a_word_in_its_forms_compounds_and_likes() {
    for (language, question, text) in [
        ("english", "How long does delivery take?", "We deliver within a day."),
        ("english", "Where can I park my car?", "Parking"),
        ("english", "What is your phone number?", "Telephone: 55"),
        ("german", "Was kosten die Räder?", "Ersatzräder"),
        ("german", "Wie hoch sind die Versandkosten?", "Der Versand kostet 6 Euro."),
        ("german", "Wie lang ist die Lieferzeit?", "Lieferung in 3 Tagen"),
        ("german", "Wann haben Sie geöffnet?", "Öffnungszeiten"),
        ("german", "Wie lange hält die Garantie des Akkus?", "Der Akku ist garantiert."),
        ("french", "Comment annuler ma réservation ?", "Une réservation peut être annulée."),
        ("french", "À quelle heure est le petit-déjeuner ?", "petit déjeuner"),
        ("dutch", "Wanneer wordt mijn kleding bezorgd?", "Wij bezorgen kleding."),
        ("polish", "Czy mogę zwrócić książkę?", "Zwroty książek"),
        ("spanish", "¿Dónde puedo aparcar?", "Aparcamiento"),
        ("english", "Are you open at the weekend?", "Opening on Sunday"),
    ] {
        assert!(has(question, text, language), "{question}: {:?}", needs(question, language));
    }
}

#[test]
fn what_answers_a_word_has_it() {
    for (language, question, text) in [
        ("english", "How heavy is the pump?", "Pump, weight: 12 kg"),
        ("english", "What is the address?", "We are at 12 Mill Lane."),
        ("english", "Who wrote it?", "It is written by Ann."),
        ("english", "After how many kilometres?", "500 km"),
        ("english", "What is the invoice number?", "Invoice No. TT-4410 was sent."),
        ("english", "What is the article number?", "art. no. 77-120"),
        ("english", "Can I wash it?", "Washable at 40 °C"),
        ("english", "Is it open on Wednesday?", "Open from Monday to Friday"),
        ("english", "What was the pH?", "The pH is 6."),
        ("german", "Wie lautet die Rechnungsnummer?", "Rechnung Nr. 55"),
        ("german", "Ist es montags offen?", "Montags ist geschlossen."),
        ("french", "Combien de livres puis-je emprunter ?", "Prêts : 8 livres"),
        ("polish", "Czy w środę jest czynne?", "Nieczynne: środa"),
    ] {
        assert!(has(question, text, language), "{question}: {:?}", needs(question, language));
    }
    assert!(!has("What is the invoice number?", "No, the invoice was sent.", "english"));
    let counts = |text: &str| Text::of(text, "english").counts("samples", "english");
    assert!(counts("We took 48 samples.") && counts("two new samples") && !counts("samples: 48"));
}

#[test]
fn another_word_is_no_form() {
    for (language, question, text) in [
        ("english", "Who is the mayor?", "mayonnaise, major"),
        ("english", "Can I contact you?", "It contains nuts."),
        ("english", "Do you rent cars?", "Parking"),
        ("english", "Are you open on Saturday?", "Opening on Sunday"),
        ("german", "Sind Hunde erlaubt?", "hundert"),
        ("german", "Was kostet Butter?", "Mutter, Button"),
        ("german", "Was kostet ein Fahrradhelm?", "Fahrrad"),
    ] {
        assert!(!has(question, text, language), "{question}: {:?}", needs(question, language));
    }
}

#[test]
fn the_word_itself_says_more_than_a_form_and_than_another_word() {
    let needs = needs("Was kostet der Versand?", "german").expect("words");
    let share = |text: &str| Text::of(text, "german").share(&needs.words[0]);
    let shares = ["Der Versand ist frei.", "Versandkosten", "Lieferung", "Ware"].map(share);
    assert_eq!(shares, [1.0, FORM, ALIKE, 0.0]);
}

#[test]
fn words_of_asking_are_not_needed() {
    let count = |question: &str, language: &str| needs(question, language).expect("words").words.len();
    assert!(!needs("How long does it take?", "english").expect("words").is_exact);
    assert!(has("How long does it take?", "long, takes", "english"), "where there is no other word, they are");
    assert_eq!(count("How much does it cost?", "english"), 0);
    assert_eq!(count("Wie viel kostet das?", "german"), 0);
    assert_eq!(count("What does AX-4410/B cost?", "english"), 0);
    assert_eq!(needs("図書館", "japanese"), None);
    assert!(needs("Who met Maria?", "english").expect("words").words.last().is_some_and(|need| need.is_name));
}
