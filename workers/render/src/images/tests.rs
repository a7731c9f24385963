use image::{DynamicImage, ImageFormat as Kind};

use super::*;

fn encoded(kind: Kind) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(4, 3).write_to(&mut bytes, kind).expect("an image");
    bytes.into_inner()
}

fn svg(body: &str) -> Vec<u8> {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"40\" height=\"30\">{body}</svg>"
    )
    .into_bytes()
}

fn refused(data: Vec<u8>) -> String {
    picture(data).map_or_else(|error| error.to_string(), |found| format!("accepted: {found:?}"))
}

#[test]
fn the_first_bytes_say_what_a_picture_is_and_how_large() {
    for kind in [Kind::Png, Kind::Jpeg, Kind::Gif, Kind::WebP] {
        let found = picture(encoded(kind)).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!((found.width, found.height), (4.0, 3.0), "{kind:?}");
    }
    let found = picture(svg("<rect width=\"10\" height=\"10\"/>")).expect("an SVG");
    assert_eq!((found.width, found.height, found.notes.len()), (40.0, 30.0, 0));
}

#[test]
fn the_error_names_what_is_no_picture() {
    assert_eq!(refused(Vec::new()), "the file is empty");
    for (bytes, message) in [
        (&b"%PDF-1.7"[..], "it is a PDF"),
        (b"BM......", "it is a BMP"),
        (b"\x1f\x8b..", "SVGZ"),
        (b"hello", "it is not an image"),
        (b"<html></html>", "it is not an image"),
    ] {
        assert!(refused(bytes.to_vec()).contains(message), "{}", refused(bytes.to_vec()));
    }
    assert!(refused(encoded(Kind::Png)[..40].to_vec()).contains("it is broken"));
    assert!(refused(vec![0; MAX_BYTES + 1]).contains("more than the"));
}

#[test]
fn a_small_file_of_many_pixels_is_refused_before_it_is_decoded() {
    // A PNG's size is in its first chunk.
    let mut bytes = encoded(Kind::Png);
    bytes[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let message = refused(bytes);
    assert!(message.contains("60000 x 60000") || message.contains("broken"), "{message}");
}

#[test]
fn an_svg_loads_nothing() {
    let found = picture(svg(
        "<image xlink:href=\"file:///etc/passwd\"/><image href=\"http://127.0.0.1/a.png\"/><use href=\"b.svg#c\"/>",
    ))
    .expect("an SVG");
    assert_eq!(found.notes.len(), 3, "{:?}", found.notes);
    let text = String::from_utf8(found.data.to_vec()).expect("a text");
    assert!(!text.contains("passwd") && !text.contains("127.0.0.1"), "{text}");
}

#[test]
fn an_svg_that_repeats_or_nests_without_end_is_refused() {
    let mut laughs = String::from("<g id=\"a0\"><rect width=\"1\" height=\"1\"/></g>");
    for i in 1..20 {
        let uses = format!("<use xlink:href=\"#a{}\"/>", i - 1).repeat(10);
        laughs.push_str(&format!("<g id=\"a{i}\">{uses}</g>"));
    }
    assert!(refused(svg(&laughs)).contains("repeats too much"));
    assert!(refused(svg(&"<g>".repeat(100_000))).contains("nested too deeply"));
    let entities = "<!DOCTYPE svg [<!ENTITY a \"&b;&b;\"><!ENTITY b \"&a;&a;\">]><svg xmlns=\"http://www.w3.org/2000/svg\">&a;</svg>";
    assert!(
        refused(entities.as_bytes().to_vec()).contains("repeat each other"),
        "{}",
        refused(entities.as_bytes().to_vec())
    );
    let looped = svg("<g id=\"a\"><use xlink:href=\"#a\"/></g>");
    assert!(picture(looped).is_ok());
}

#[test]
fn data_urls_are_read() {
    assert_eq!(data_url("data:text/plain;base64,aGk="), Ok(b"hi".to_vec()));
    assert_eq!(data_url("data:,a%20b"), Ok(b"a b".to_vec()));
    assert!(data_url("data:text/plain;base64,*").is_err());
    assert!(data_url("http://x").is_err());
}

#[test]
fn an_svg_with_a_view_box_and_one_size_has_the_other() {
    for (attributes, size) in [
        ("viewBox=\"0 0 100 40\" width=\"200\"", (200.0, 80.0)),
        ("viewBox=\"0,0,100,40\" height=\"20px\"", (50.0, 20.0)),
        ("viewBox=\"0 0 100 40\"", (100.0, 40.0)),
        ("viewBox=\"0 0 100 40\" width=\"10\" height=\"10\"", (10.0, 10.0)),
    ] {
        let svg =
            format!("<svg xmlns=\"http://www.w3.org/2000/svg\" {attributes}><rect width=\"9\" height=\"9\"/></svg>");
        let picture = picture(svg.into_bytes()).expect("a picture");
        assert_eq!((picture.width, picture.height), size, "{attributes}");
    }
}
