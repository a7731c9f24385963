use super::*;

fn sampling(change: impl FnOnce(&mut Sampling)) -> Sampling {
    let mut sampling = Sampling { seed: Some(7), ..Sampling::default() };
    change(&mut sampling);
    sampling
}

/// How often each token is drawn.
fn draws(sampling: &Sampling, logits: &[f32]) -> HashMap<i32, u32> {
    let mut scratch = Scratch::default();
    let mut counts = HashMap::new();
    for seed in 0..4000 {
        let sampler = Sampler::new(Sampling { seed: Some(seed), ..sampling.clone() }, &[], &[], 0);
        *counts.entry(sampler.choose(logits, &mut scratch).expect("a token")).or_default() += 1;
    }
    counts
}

fn tokens(sampling: &Sampling, logits: &[f32]) -> Vec<i32> {
    let mut tokens: Vec<_> = draws(sampling, logits).into_keys().collect();
    tokens.sort_unstable();
    tokens
}

fn of(probabilities: &[f32]) -> Vec<f32> {
    probabilities.iter().map(|p| p.ln() + 3.0).collect()
}

fn choose(sampler: &Sampler, logits: &[f32]) -> Option<i32> {
    sampler.choose(logits, &mut Scratch::default())
}

#[test]
fn temperature_zero_takes_the_likeliest_token_and_the_lower_id_of_equals() {
    let greedy = Sampler::new(sampling(|s| s.temperature = 0.0), &[], &[], 1);
    assert_eq!(choose(&greedy, &[1.0, 3.0, 3.0, 2.0]), Some(1));
    assert_eq!(choose(&greedy, &[-5.0, f32::NAN, -4.0]), Some(2));
}

#[test]
fn logits_that_are_no_numbers_choose_nothing() {
    for temperature in [0.0, 1.0] {
        let sampler = Sampler::new(sampling(|s| s.temperature = temperature), &[], &[], 1);
        assert_eq!(choose(&sampler, &[f32::NAN, f32::NAN]), None);
        assert_eq!(choose(&sampler, &[f32::NEG_INFINITY]), None);
        assert_eq!(choose(&sampler, &[]), None);
    }
}

#[test]
fn tokens_come_as_often_as_they_are_likely() {
    let logits = of(&[0.5, 0.3, 0.2]);
    for filter in [|_: &mut Sampling| {}, |s: &mut Sampling| s.min_p = 0.001, |s: &mut Sampling| s.top_p = 0.9999] {
        let counts = draws(&sampling(filter), &logits);
        for (token, expected) in [(0, 2000_u32), (1, 1200), (2, 800)] {
            assert!(counts[&token].abs_diff(expected) < 150, "{counts:?}");
        }
    }
}

#[test]
fn a_lower_temperature_sharpens() {
    let counts = draws(&sampling(|s| s.temperature = 0.5), &of(&[0.5, 0.3, 0.2]));
    // Expected ratio 0.25 : 0.09 : 0.04.
    assert!(counts[&0].abs_diff(2632) < 150, "{counts:?}");
}

#[test]
fn top_k_top_p_and_min_p_keep_what_they_should() {
    let logits = of(&[0.1, 0.4, 0.05, 0.3, 0.15]);
    assert_eq!(tokens(&sampling(|s| s.top_k = 2), &logits), [1, 3]);
    assert_eq!(tokens(&sampling(|s| s.top_k = 1), &logits), [1]);
    assert_eq!(tokens(&sampling(|s| s.top_k = 5), &logits), [0, 1, 2, 3, 4]);
    assert_eq!(tokens(&sampling(|s| s.top_p = 0.65), &logits), [1, 3]);
    assert_eq!(tokens(&sampling(|s| s.top_p = 0.75), &logits), [1, 3, 4]);
    assert_eq!(tokens(&sampling(|s| s.top_p = 1e-9), &logits), [1]);
    assert_eq!(tokens(&sampling(|s| s.min_p = 0.3), &logits), [1, 3, 4]);
    // Of the three most likely (0.4, 0.3, 0.15 of 0.85) the first two have 0.82.
    let both = sampling(|s| (s.top_k, s.top_p) = (3, 0.8));
    assert_eq!(tokens(&both, &logits), [1, 3]);
    assert_eq!(tokens(&sampling(|s| (s.top_p, s.min_p) = (0.99, 0.5)), &logits), [1, 3]);
}

#[test]
fn top_k_is_exact_in_a_large_vocabulary() {
    let logits: Vec<f32> = (0..50_000_u64).map(|i| unit(3, i) as f32 * 20.0).collect();
    let mut sorted: Vec<_> = each(&logits).collect();
    sorted.sort_unstable_by(by_likelihood);
    for k in [1, 2, 40, 1000, 49_999] {
        let mut kept = Vec::new();
        keep_top_k(&logits, k, &mut kept);
        kept.sort_unstable_by(by_likelihood);
        let ids = |candidates: &[Candidate]| candidates.iter().map(|candidate| candidate.token).collect::<Vec<_>>();
        assert_eq!(ids(&kept), ids(&sorted[..k]), "k = {k}");
    }
}

#[test]
fn the_nucleus_of_a_large_vocabulary_is_that_of_a_full_sort() {
    let logits: Vec<f32> = (0..20_000_u64).map(|i| unit(5, i) as f32 * 12.0).collect();
    let (_, highest) = likeliest(&logits).expect("a token");
    for top_p in [0.1, 0.5, 0.9, 0.999] {
        let total = softmax_sums(&logits, highest, 1.0, &mut Vec::new());
        let mut fast = Vec::new();
        keep_possible_nucleus(&logits, highest, top_p, total, &mut fast);
        fast.sort_unstable_by(by_likelihood);
        cut_top_p(&mut fast, highest, top_p, Some(total));
        let mut slow: Vec<_> = each(&logits).collect();
        slow.sort_unstable_by(by_likelihood);
        cut_top_p(&mut slow, highest, top_p, None);
        assert_eq!(fast.len(), slow.len(), "p = {top_p}");
    }
}

#[test]
fn the_fast_exponential_is_the_librarys() {
    for i in 0..=8700_u16 {
        let x = -f32::from(i) / 100.0;
        let (fast, exact) = (f64::from(exp(x)), f64::from(x).exp());
        assert!((fast / exact - 1.0).abs() < 3e-7, "e^{x}: {fast} for {exact}");
    }
    for x in [-88.0, f32::NEG_INFINITY, f32::NAN] {
        assert!(exp(x) < 1e-37, "e^{x}");
    }
}

#[test]
fn tokens_of_a_large_vocabulary_come_as_often_as_they_are_likely() {
    // Two likely tokens in different blocks among many unlikely ones, and a NaN.
    let mut logits = vec![-40.0; 1000];
    (logits[300], logits[999], logits[5]) = (2.0, 2.0 + 3.0_f32.ln(), f32::NAN);
    let counts = draws(&sampling(|_| {}), &logits);
    assert!(counts[&300].abs_diff(1000) < 150 && counts[&999].abs_diff(3000) < 150, "{counts:?}");
}

#[test]
fn penalties_lower_tokens_that_were_generated() {
    let logits = [2.0, 1.9, -1.0];
    let after = |change: fn(&mut Sampling), prompt: &[i32], emitted: &[i32]| {
        let sampling = sampling(|s| {
            s.temperature = 0.0;
            change(s);
        });
        choose(&Sampler::new(sampling, prompt, emitted, 0), &logits)
    };
    assert_eq!(after(|s| s.repeat_penalty = 1.2, &[0], &[]), Some(1), "the repeat penalty sees the prompt");
    assert_eq!(after(|s| s.presence_penalty = 0.2, &[0], &[]), Some(0), "the presence penalty does not");
    assert_eq!(after(|s| s.presence_penalty = 0.2, &[], &[0]), Some(1));
    assert_eq!(after(|s| s.presence_penalty = 0.2, &[], &[0, 0, 0, 1]), Some(0), "however often it was generated");
    assert_eq!(after(|s| s.frequency_penalty = 0.2, &[], &[0, 0, 0, 1]), Some(1), "each time counts");
    assert_eq!(after(|s| s.repeat_penalty = 1.2, &[9, -4, 70_000], &[]), Some(0), "unknown ids change nothing");
}

#[test]
fn the_repeat_penalty_forgets_after_64_tokens() {
    let mut emitted = vec![0];
    emitted.extend([2; RECENT]);
    let sampling = sampling(|s| (s.temperature, s.repeat_penalty) = (0.0, 1.2));
    assert_eq!(choose(&Sampler::new(sampling.clone(), &[], &emitted, 0), &[2.0, 1.9, 0.0]), Some(0));
    assert_eq!(choose(&Sampler::new(sampling, &[], &emitted[..RECENT], 0), &[2.0, 1.9, 0.0]), Some(1));
}

#[test]
fn the_same_seed_draws_the_same_and_a_resumed_answer_goes_on_with_it() {
    let logits = of(&[0.2, 0.2, 0.2, 0.2, 0.2]);
    let run = |emitted: &[i32]| {
        let mut sampler = Sampler::new(sampling(|_| {}), &[], emitted, 0);
        let mut out = emitted.to_vec();
        while out.len() < 20 {
            let token = choose(&sampler, &logits).expect("a token");
            sampler.accept(token);
            out.push(token);
        }
        out
    };
    let whole = run(&[]);
    for cut in 0..20 {
        assert_eq!(run(&whole[..cut]), whole, "cut at {cut}");
    }
    let other = Sampler::new(sampling(|s| s.seed = Some(8)), &[], &[], 0);
    let unseeded = Sampler::new(sampling(|s| s.seed = None), &[], &[], 8);
    assert_eq!(choose(&other, &logits), choose(&unseeded, &logits), "chance stands in for the seed");
}
