use ruche_schemas::kinds::chat::Role;

use super::*;
use crate::{
    inference::engine::Step,
    kinds::chat::testing::{engine, engine_with},
};

fn asking(question: &str) -> Request {
    let messages = vec![Message { role: Role::User, content: question.to_owned() }];
    let mut request = Request { messages, ..Request::default() };
    request.sampling.temperature = 1.0;
    request
}

async fn grounded(engine: &Engine, grounding: &Grounding, request: Request) -> Result<(Request, Vec<Shown>), JobError> {
    composed(engine, Some(grounding), request).await.map(|composed| (composed.request, composed.shown))
}

fn grounding(passages: &[&str]) -> Grounding {
    let passages = passages.iter().map(|text| Passage { text: (*text).to_owned(), ..Passage::default() });
    Grounding { instructions: "Be brief.".to_owned(), passages: passages.collect(), ..Grounding::default() }
}

#[tokio::test]
async fn a_small_model_gets_a_short_block_and_nothing_is_left_to_chance() {
    let engine = engine();
    let five = grounding(&["One.", "Two.", "Three.", "Four.", "Five."]);
    let (request, shown) = grounded(&engine, &five, asking("Which?")).await.expect("a prompt");
    let system = "Be brief.\n\nPassages:\n[1] One.\n[2] Two.\n[3] Three.";
    assert_eq!((request.messages[0].content.as_str(), shown.len()), (system, 3));
    assert_eq!((request.messages.len(), request.sampling.temperature), (2, 0.0));
    // Another attempt, maybe by another worker, has the same prompt.
    let (again, _) = grounded(&engine, &five, asking("Which?")).await.expect("a prompt");
    assert_eq!(again.messages, request.messages);
    let (bare, shown) = grounded(&engine, &grounding(&[]), asking("Which?")).await.expect("a prompt");
    assert_eq!((bare.messages[0].content.as_str(), shown.len()), ("Be brief.", 0));
    assert_eq!(bare.sampling.temperature, 1.0, "it is not asked to quote");
}

/// Of the demo model, to the last of these questions, with the number of messages that it did not read.
async fn answer(engine: &Engine, passages: &[&str], questions: &[&str]) -> (String, usize) {
    let mut request = asking(questions[0]);
    for question in &questions[1..] {
        request.messages.push(Message { role: Role::Assistant, content: "It is so. [1]".to_owned() });
        request.messages.extend(asking(question).messages);
    }
    let grounding = Grounding { max_tokens: 2_000, ..grounding(passages) };
    let composed = composed(engine, Some(&grounding), request).await.expect("a prompt");
    if composed.elsewhere {
        return ("I could not find that in the documents.".to_owned(), composed.left_out);
    }
    let mut generation = engine.generate(composed.request).await.expect("a generation");
    while let Some(step) = generation.next().await {
        if let Step::End { text, .. } = step.expect("a step") {
            return (text, composed.left_out);
        }
    }
    panic!("no end");
}

#[tokio::test]
async fn a_small_model_quotes_lists_tables_and_rows() {
    let engine = engine();
    let hours = "# Opening hours\n\n- Monday to Friday: 9:00 to 18:00\n- Saturday: 10:00 to 16:00\n- Sunday: closed\n";
    let delivery = "## Delivery\n\n1. Standard delivery takes 3 days\n2. Express delivery costs 9 euros\n3. We ship to **France**, `Belgium` and [Spain](https://example.com)\n";
    let prices = "| Product | Price | Weight |\n|---|---|---|\n| Wax | 3.50 euros | 200 g |\n| Honey | 7.20 euros | 500 g |\n| Candle | 12.00 euros | 350 g |\n";
    let stock = "Name: Wax; Price: 3.50; Stock: 12\nName: Honey; Price: 7.20; Stock: 4\nName: Candle; Price: 12.00; Stock: 31\n";
    let nozzles = "The AX-4410/B nozzle costs 4.00 euros. The AX-4410/C nozzle costs 4.30 euros.";
    let replaces = "The FT-8/A replaces the FT-7/A. The FT-7/A was sold until 2023.";
    let french = "# Garantie\n\n- Les tondeuses sont garanties 3 ans\n- Les batteries sont garanties 1 an\n";
    let pump = "# Pumps\n\n## Pump P-100\n\n- Flow: 40 litres\n- Price: 99 euros\n\n## Pump P-100/S\n\n- Flow: 55 litres\n- Price: 149 euros\n";
    let people = "name: Anna Berg; phone: 1234567; department: Sales\nname: Anna Bergmann; phone: 7654321; department: Support\nname: Tom Klein; phone: 1112223; department: Sales\n";
    let parts = "Part: PX-310/A; Price: 271.55\nPart: PX-310/B; Price: 677.77\nPart: PX-311/A; Price: 12\nPart: PX-311/B; Price: 84\n";
    let clauses: Vec<String> =
        (1..60).map(|n| format!("Clause {n} says that fee number {n} is {} euros.", n * 3)).collect();
    let clauses = clauses.join(" ");
    let nothing = "I could not find that in the documents.";
    for (passage, question, expected) in [
        (hours, "Are you open on Sunday?", "Sunday: closed. [1]"),
        (hours, "What are your opening hours on Monday?", "Monday to Friday: 9:00 to 18:00. [1]"),
        (hours, "Do you sell honey?", nothing),
        (delivery, "How much does express delivery cost?", "Express delivery costs 9 euros. [1]"),
        (delivery, "Do you ship to Belgium?", "We ship to France, Belgium and Spain. [1]"),
        (prices, "What does the honey cost?", "Product: Honey, Price: 7.20 euros, Weight: 500 g. [1]"),
        (prices, "What does the soap cost?", nothing),
        (stock, "How many candles are in stock?", "Name: Candle, Price: 12.00, Stock: 31. [1]"),
        (nozzles, "What does AX-4410/C cost?", "The AX-4410/C nozzle costs 4.30 euros. [1]"),
        (replaces, "What replaces the FT-7/A?", "The FT-8/A replaces the FT-7/A. [1]"),
        (replaces, "Until when was the FT-7/A sold?", "The FT-7/A was sold until 2023. [1]"),
        (prices, "How much is the wax?", "Product: Wax, Price: 3.50 euros, Weight: 200 g. [1]"),
        (pump, "How much does the pump P-100 cost?", "Price: 99 euros. [1]"),
        (people, "What is the phone number of Anna Berg?", "name: Anna Berg, phone: 1234567, department: Sales. [1]"),
        (people, "What is Tom's phone number?", "name: Tom Klein, phone: 1112223, department: Sales. [1]"),
        (parts, "What does PX 310 A cost?", "Part: PX-310/A, Price: 271.55. [1]"),
        (parts, "price of px 311 b", "Part: PX-311/B, Price: 84. [1]"),
        (parts, "Hello", "Hello! I am a tiny demo model. Ask me something about your documents."),
        (pump, "Flow of P-100/S?", "Flow: 55 litres. [1]"),
        (pump, "How much is the P-100/S?", "Price: 149 euros. [1]"),
        (
            pump,
            "Is the P-100 or the P-100/S cheaper?",
            "Pump P-100. Price: 99 euros. [1] Pump P-100/S. Price: 149 euros. [1]",
        ),
        (clauses.as_str(), "What does clause 42 say?", "Clause 42 says that fee number 42 is 126 euros. [1]"),
        (french, "Quelle est la garantie des tondeuses ?", "Les tondeuses sont garanties 3 ans. [1]"),
    ] {
        let (answer, _) = answer(&engine, &[passage], &[question]).await;
        assert_eq!(answer, expected, "{question}");
    }
    let (hello, _) = answer(&engine, &[hours], &["Hello"]).await;
    assert!(hello.starts_with("Hello!"), "{hello}: what is no quote is free");
}

#[tokio::test]
async fn a_small_model_quotes_the_size_and_the_values_asked_for() {
    let engine = engine();
    let sizes = ["M8x16", "M8x20", "M8x25", "M8x30", "M10x25"];
    let bolts: String = sizes.iter().map(|size| format!("- Bolt {size} costs {} cents\n", size.len())).collect();
    let columns: Vec<String> = (1..60).map(|n| format!("Spec {n}: \"no. {n}; keep dry\"")).collect();
    let row = |name: &str, price: u8| format!("Name: {name}; {}; Price: {price} euros; End: 0\n", columns.join("; "));
    let rows = format!("Stock of May\n{}{}", row("Wax", 3), row("Honey", 7));
    let tanks = "The T-90 S weighs 46 tons. The T-90 weighs 44 tons.";
    for (passage, question, expected) in [
        (bolts.as_str(), "M8 x 25", "Bolt M8x25 costs 5 cents. [1]"),
        (bolts.as_str(), "What does M 8x30 cost?", "Bolt M8x30 costs 5 cents. [1]"),
        (bolts.as_str(), "m10*25", "Bolt M10x25 costs 6 cents. [1]"),
        (tanks, "What does the T-90 weigh?", "The T-90 weighs 44 tons. [1]"),
        (tanks, "What does the T-90 S weigh?", "The T-90 S weighs 46 tons. [1]"),
        (rows.as_str(), "How much is the honey?", "Name: Honey, Spec 1: \"no. 1; keep dry\", Price: 7 euros. [1]"),
    ] {
        let (answer, _) = answer(&engine, &[passage], &[question]).await;
        assert_eq!(answer, expected, "{question}");
    }
}

#[tokio::test]
async fn a_small_model_knows_a_number_in_each_spelling_and_takes_no_near_one() {
    let engine = engine();
    let phones = "Sales: +49 421 5550110\n\nService: (0421) 555 01 40\n";
    let versions = "In 1.0.0, search was added. In 1.0.1, bots were added.\n\nDie Lieferung dauert ca. 3 Tage.\n";
    let orders = "Order 2026-004521 was cancelled. Order 2026-004522 was sent.";
    let rooms = "LH465 flies at 9:30. J45.909 is asthma. J45.901 is worse. Pay to NL91 ABNA 0417 1643 00.";
    for (passage, question, expected) in [
        (phones, "(0421) 555 01 10", "Sales: +49 421 5550110. [1]"),
        (phones, "Who has the number 0421-555-0140?", "Service: (0421) 555 01 40. [1]"),
        (phones, "+49 30 12345678", "I could not find that in the documents."),
        (versions, "What changed in v1.0.0?", "In 1.0.0, search was added. [1]"),
        (orders, "What happened to order 2026-004522?", "Order 2026-004522 was sent. [1]"),
        (rooms, "LH 465", "LH465 flies at 9:30. [1]"),
        (rooms, "J45909", "J45.909 is asthma. [1]"),
        (rooms, "NL91ABNA0417164300", "Pay to NL91 ABNA 0417 1643 00. [1]"),
        (versions, "Wie lange dauert die Lieferung?", "Die Lieferung dauert ca. 3 Tage. [1]"),
    ] {
        let (answer, _) = answer(&engine, &[passage], &[question]).await;
        assert_eq!(answer, expected, "{question}");
    }
}

#[tokio::test]
async fn a_small_model_reads_the_last_question_alone() {
    let engine = engine();
    let shop = "The shop in Lyon opens at nine. Dogs are welcome.";
    let asked = ["When does the shop open?", "Are dogs welcome?", "When does the shop open?"];
    let again = answer(&engine, &[shop], &asked).await;
    assert_eq!(again, ("The shop in Lyon opens at nine. [1]".to_owned(), 4));
}

#[tokio::test]
async fn passages_leave_room_for_the_conversation_and_an_answer() {
    let engine = engine();
    let sentence = "The shop in Lyon opens at nine and closes at five. ";
    let long = sentence.repeat(40);
    let grounding = grounding(&[long.as_str()]);
    for (words, most) in [(1, 320), (200, 320)] {
        let asking = asking(&"shop ".repeat(words));
        let (request, shown) = grounded(&engine, &grounding, asking).await.expect("a prompt");
        let tokens = engine.prompt_tokens(&request.messages, request.now).expect("a prompt");
        assert!(tokens <= 512 - 128, "{words} words: {tokens} tokens");
        assert!(tokens >= 200 && engine.count(&request.messages[0].content) <= most + 5, "{words} words: {tokens}");
        let shown = &shown[0].text;
        assert_eq!(shown.trim_end(), sentence.repeat(shown.len().div_ceil(sentence.len())).trim_end());
    }
    let full = grounded(&engine, &grounding, asking(&"shop ".repeat(400))).await;
    match full.map(|_| ()) {
        Err(JobError::Reject(failure)) => {
            assert_eq!((failure.code.as_str(), failure.param.as_deref()), (codes::CONTEXT_LENGTH, Some("messages")));
            assert!(failure.message.contains("no passage fits"), "{failure}");
        }
        other => panic!("{other:?}"),
    }
    // A conversation that is too long without passages is refused like any chat.
    let (request, shown) = grounded(&engine, &grounding, asking(&"shop ".repeat(900))).await.expect("a prompt");
    assert_eq!(shown, []);
    assert!(matches!(engine.generate(request).await, Err(GenerateError::PromptTooLong { .. })));
}
#[tokio::test]
async fn older_turns_make_room_for_passages() {
    let engine = engine();
    let grounding = grounding(&["The shop in Lyon opens at nine. ".repeat(20).as_str()]);
    let alone = composed(&engine, Some(&grounding), asking("When does it open?")).await.expect("a prompt");
    let mut request = asking("");
    request.messages.clear();
    for n in 0..50 {
        request.messages.push(Message { role: Role::User, content: format!("Question {n} about the shop?") });
        request.messages.push(Message { role: Role::Assistant, content: "It is so.".to_owned() });
    }
    request.messages.extend(asking("When does it open?").messages);
    let long = composed(&engine, Some(&grounding), request).await.expect("a prompt");
    assert_eq!((alone.left_out, &alone.shown), (0, &long.shown));
    assert_eq!(
        (&alone.request.messages[0], alone.request.messages.last()),
        (&long.request.messages[0], long.request.messages.last())
    );
    assert_eq!(long.left_out + long.request.messages.len(), 102, "{:?}", long.request.messages);
    assert!(long.left_out >= 80);
    engine.generate(long.request).await.expect("an answer");
}

#[tokio::test]
async fn a_small_model_answers_however_long_the_conversation_is() {
    let engine = engine_with(4_096);
    let turn = |role, content: String| Message { role, content };
    for (asked, expected) in [("Hello", "Hello! I am a tiny demo model."), ("Thanks!", "You are welcome!")] {
        let mut request = asking(asked);
        request.sampling.temperature = 0.0;
        for n in (0..400).rev() {
            let question = format!("Tell me about the weather in town number {n}, please: does it rain?");
            request.messages.insert(0, turn(Role::Assistant, "I am a tiny demo model.".to_owned()));
            request.messages.insert(0, turn(Role::User, question));
        }
        let composed = composed(&engine, None, request).await.expect("a prompt");
        assert!(composed.left_out > 700, "{}", composed.left_out);
        let mut generation = engine.generate(composed.request).await.expect("a generation");
        let mut answer = String::new();
        while let Some(step) = generation.next().await {
            if let Step::End { text, .. } = step.expect("a step") {
                answer = text;
            }
        }
        assert!(answer.starts_with(expected), "{asked}: {answer}");
    }
}
