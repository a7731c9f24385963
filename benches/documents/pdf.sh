#!/usr/bin/env bash
# Compares the text that a worker reads in manuals of Debian with that of pdftotext (poppler-utils). Needs apt-get, dpkg
# and `make build-benches`; the packages (90 MB) are only unpacked, into .ruche/bench-documents.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(asymptote-doc auto-multiple-choice-doc-pdf c++-annotations-pdf debian-faq debian-history debian-policy
  developers-reference doxygen-doc freefem-doc glpk-doc gnuplot-doc graphviz-doc maint-guide-ja octave-doc pari-doc
  python-reportlab-doc r-cran-survival r-cran-zoo r-doc-pdf sbcl-doc shared-mime-info
  ubuntu-packaging-guide-pdf-ru why3-doc-pdf xfig-doc zsh-doc)
files='shared-mime-info-spec|asyRefCard|asymptote/asymptote|multiple-choice\.en|/cplusplus|debian-faq\.en|history\.(ru|ja)'
files+='|fhs-3\.0|policy|developers-reference|doxygen_manual|freefem|gmpl_es|gnuplot|dotguide|Agraph|refcard-a4'
files+='|octave/octave|refcard-ell|doc/users|reportlab-userguide|doc/compete|doc/zoo|manual/refman|R-intro|sbcl/sbcl'
files+='|xfig_ref|zsh|why3-doc-pdf/manual|packaging-guide|maint-guide\.ja'
there=.ruche/bench-documents
bench=${CARGO_TARGET_DIR:-target}/release/ruche-bench

mkdir -p "$there/debs" "$there/pdf" "$there/text"
if [ ! -e "$there/unpacked" ]; then
  (cd "$there/debs" && apt-get download "${packages[@]}")
  for deb in "$there"/debs/*.deb; do dpkg -x "$deb" "$there/files"; done
  find "$there/files" -name '*.pdf' -o -name '*.pdf.gz' | grep -E "($files)\.pdf" | while read -r file; do
    case $file in
      *.gz) zcat "$file" > "$there/pdf/$(basename "$file" .gz)" ;;
      *) cp "$file" "$there/pdf/" ;;
    esac
  done
  touch "$there/unpacked"
fi
"$bench" extract "$there/text" "$there"/pdf/*.pdf
python3 benches/documents/compare.py "$there/pdf" "$there/text:Ruche"
