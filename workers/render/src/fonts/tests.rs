use super::*;

#[test]
fn names_of_style_sheets_lead_to_families_that_are_there() {
    let fonts = Fonts::embedded();
    for (name, family) in [
        ("Helvetica", "Liberation Sans"),
        ("'Arial'", "Liberation Sans"),
        ("sans-serif", SANS),
        ("serif", SERIF),
        ("Georgia", SERIF),
        ("monospace", MONO),
        ("inter", "Inter"),
    ] {
        assert_eq!(fonts.family(name), Some(family), "{name}");
    }
    assert_eq!(fonts.family("No Such Font"), None);
}

#[test]
fn a_documents_own_face_wins_and_goes_by_its_new_name() {
    let file = include_bytes!("../../fonts/LiberationSans-Bold.ttf");
    let mut face = Face::from(font(file.to_vec()).expect("a font").remove(0));
    face.family = Some("House".to_owned());
    face.weight = Some(400);
    let fonts = Fonts::embedded().with(vec![face]);
    assert_eq!(fonts.family("house"), Some("House"));
    let first = fonts.book().info(0).expect("a face");
    assert_eq!((first.family.as_str(), first.variant.weight.to_number()), ("House", 400));
    assert_eq!(Fonts::embedded().family("house"), None);
}

#[test]
fn what_is_no_font_is_refused_with_a_reason() {
    for bytes in [Vec::new(), b"hello".to_vec(), vec![0; 100], b"wOF2............".to_vec()] {
        let error = font(bytes.clone()).expect_err("no font");
        assert!(!error.to_string().is_empty(), "{bytes:?}");
    }
    // A font truncated at any length is refused or taken, without a panic.
    let whole = include_bytes!("../../fonts/LiberationSans-Bold.ttf");
    for length in (0..4096).step_by(61) {
        let _ = font(whole[..length].to_vec());
    }
}

#[test]
fn characters_without_a_glyph_are_reported_once() {
    let fonts = Fonts::embedded();
    assert_eq!(fonts.missing_glyphs("Grüße, Ελλάδα, Привет → ✓ 😀"), Vec::<char>::new());
    assert_eq!(fonts.missing_glyphs("漢字漢"), ['漢', '字']);
}

#[test]
fn a_folder_gives_its_fonts_and_a_line_for_each_file_that_is_none() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts");
    let (fonts, lines) = Fonts::embedded().with_folder(&folder).expect("a folder");
    assert!(lines.is_empty(), "{lines:?}");
    assert!(fonts.family("Inter").is_some());
}
