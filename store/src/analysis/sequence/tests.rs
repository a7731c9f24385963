use super::*;

fn fits(question: &str, texts: &[&str]) -> Vec<Fit> {
    let asked = Sequence::of(question);
    let texts: Vec<Sequence> = texts.iter().map(|text| Sequence::of(text)).collect();
    let runs = runs(&asked, &texts, "english");
    texts.iter().map(|text| runs.first().map_or(Fit::Other, |run| run.fit(text, &asked, "english"))).collect()
}

/// The first text is exact, and it comes before the others whatever they say.
fn is_strict(question: &str, texts: &[&str]) {
    let fits = fits(question, texts);
    assert_eq!(fits[0], Fit::Exact, "{question}: {texts:?}");
    assert!(fits[1..].iter().all(|fit| *fit == Fit::Near(0.0)), "{question}: {texts:?}: {fits:?}");
}

#[test]
fn a_size_is_one_in_each_spelling() {
    for question in ["Price of M8 x 25?", "m8×25", "m8*25 price", "M 8x25", "M 8 x 25", "M8x25"] {
        is_strict(question, &["Bolt M8x25: 3 euros.", "Bolt M8x30: 4", "M8x16", "M10x25", "M 8 x 20", "M8 × 250"]);
    }
    is_strict("60 x 80 x 120 mm", &["Box 60x80x120 mm", "Box 80x60x120 mm", "Box 120 × 80 × 60 mm"]);
    is_strict("Size 6 × 4?", &["It is 6x4.", "It is 4x6 wide."]);
}

#[test]
fn a_longer_code_is_another() {
    is_strict(
        "How fast is T-90?",
        &["T-90 is slow.", "T-90 S is fast.", "The T-90S.", "T-90/A", "T-90-2", "T-90 XL", "T-90 S2"],
    );
    is_strict("PX 310 A", &["PX-310/A: 3", "PX-310/B: 3", "PX 310 B", "PX 310 A/2"]);
    is_strict("px 310 a price", &["PX-310/A: 3", "PX-310/B", "PX 310"]);
    is_strict("E 272700 K", &["E272700K", "E272700L", "E 272700 M", "F 272700 K"]);
    is_strict("205/50R16", &["205/50 R 16", "205/55 R 16", "205/50 R 17", "195/50 R 16"]);
    let iphones = ["iPhone 13 costs 800.", "iPhone 13 Pro costs 900.", "iPhone 13 mini costs 700."];
    assert_eq!(fits("What does the iphone 13 cost?", &iphones), [Fit::Exact, Fit::Near(0.5), Fit::Near(0.5)]);
    assert_eq!(fits("iPhone 13 Pro?", &iphones), [Fit::Near(0.0), Fit::Exact, Fit::Near(0.0)]);
    let phones = ["iPhone 13: 800.", "iPhone 13 Pro: 900."];
    assert_eq!(fits("What does the iPhone 13 Pro cost?", &phones), [Fit::Near(0.0), Fit::Exact]);
}

#[test]
fn a_unit_with_another_prefix_is_another() {
    is_strict("3.3 V", &["It takes 3.3 V.", "3.3 kV", "3.3 mV", "3.3kV"]);
    is_strict("Which has 5 kW?", &["A: 5kW", "B: 5 W", "C: 5 MW"]);
    is_strict("1/2 inch", &["Pipe 1/2 inch", "Pipe 1 1/2 inch", "Pipe 1-1/2 inch", "Pipe 2½ inch"]);
    is_strict("1 1/2 inch", &["Pipe 1 1/2 inch", "Pipe 1/2 inch, 1 m"]);
}

#[test]
fn any_text_has_fits() {
    for text in ["", "1", "x", "8 x", "½", "1½x2", "👍 8 👍", "借8书", "œ8ﬁ", "1-", "\u{ad}8\u{ad}x8"] {
        for question in ["", "8", "x 8", "½", "8x8", "借8"] {
            let _ = fits(question, &[text, "8"]);
        }
    }
}

#[test]
fn marks_behind_a_name_and_signs_of_numbers_are_parts_of_it() {
    is_strict("Price of the Galaxy S21+?", &["The Galaxy S21+ is new.", "The Galaxy S21 is old."]);
    is_strict("Price of the Galaxy S21?", &["The Galaxy S21 is old.", "The Galaxy S21+ is new."]);
    is_strict("A course in C++?", &["C++ is on Monday.", "C# is on Friday.", "C is on Sunday."]);
    is_strict("A course in C#", &["C# is on Friday.", "C++ is on Monday."]);
    is_strict("What is at -20 °C?", &["They are at -20 °C.", "They are at 20 °C."]);
    is_strict("What is at 20 °C?", &["They are at 20 °C.", "They are at -20 °C.", "(\u{2212}20)"]);
    assert_eq!(fits("10-20", &["10-20", "from 10"])[0], Fit::Exact, "no sign");
}

#[test]
fn a_name_that_goes_on_otherwise_is_another() {
    let is_another =
        |question: &str, text: &str| Sequence::of(question).names_another(&[Sequence::of(text)], "english");
    for question in ["How much is the Galaxy S21 Lite?", "the galaxy S21+", "Is the Kestrel 420+ loud?"] {
        assert!(is_another(question, "The Galaxy S21 costs 700 euros. The Kestrel 420 is loud."), "{question}");
    }
    for question in
        ["the Galaxy S21", "What Does The S21 Cost?", "Galaxy S21 Ultra", "S22 Lite", "3 Dogs", "", "+", "-"]
    {
        assert!(!is_another(question, "The Galaxy S21 Ultra has 3 cameras, the S21 has 2."), "{question}");
    }
}
