#include "server/pages/style.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace tokenbroker::pages {
namespace {

// Contrast is at least 4.5:1 for text and 3:1 for what marks a control, in both colour schemes.
constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--back:#eef1f5;--card:#fff;--text:#17202c;--soft:#55606e;--line:#d5dbe3;--well:#f5f7fa;
--field:#8792a1;--go:#0b6b45;--go-text:#fff;--stop:#a32a1c;--stop-back:#fdf1ef;--focus:#1450c8;--note:#fff6dd;
--wait:#8a5a00;--wait-back:#fff2d6;--go-back:#e2f4ea;--off:#4b5563;--off-back:#e8ebf0}
@media(prefers-color-scheme:dark){:root{--back:#0d1219;--card:#171e28;--text:#e8edf3;--soft:#a2afbf;--line:#2c3746;
--well:#10161f;--field:#6b788a;--go:#4cc38a;--go-text:#06150e;--stop:#ff9a8b;--stop-back:#2a1614;--focus:#8ab4ff;
--note:#2b2410;--wait:#f3c164;--wait-back:#33270e;--go-back:#10301f;--off:#b7c2cf;--off-back:#273140}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue","DejaVu Sans",sans-serif;overflow-wrap:anywhere}
main{max-width:40rem;margin:0 auto;padding:clamp(1rem,5vw,3.5rem) 1rem 2.5rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:1rem;overflow:hidden;
box-shadow:0 1px 2px rgb(10 20 40/.05),0 12px 32px rgb(10 20 40/.07)}
.part{padding:1.4rem clamp(1.1rem,4vw,2rem)}
.part+.part{border-top:1px solid var(--line)}
.brand{display:flex;align-items:center;gap:.55rem;margin:0 .3rem .9rem;color:var(--soft);font-size:.875rem}
.brand svg{width:1.35rem;height:1.35rem;flex:none}
h1{font-size:clamp(1.35rem,1.1rem + 1.4vw,1.75rem);line-height:1.25;margin:.7rem 0 0;letter-spacing:-.01em;text-wrap:balance}
h2{font-size:.8125rem;letter-spacing:.05em;text-transform:uppercase;color:var(--soft);margin:0 0 .7rem;font-weight:600}
p{margin:.5rem 0 0}
.pill{display:inline-flex;align-items:center;gap:.45rem;padding:.2rem .75rem;border-radius:2rem;font-size:.875rem;
font-weight:600;background:var(--off-back);color:var(--off)}
.pill::before{content:"";width:.5rem;height:.5rem;border-radius:50%;background:currentColor}
.waiting{background:var(--wait-back);color:var(--wait)}
.succeeded{background:var(--go-back);color:var(--go)}
.failed{background:var(--stop-back);color:var(--stop)}
.soft{color:var(--soft)}
dl{display:grid;grid-template-columns:minmax(6.5rem,28%) 1fr;gap:.45rem 1.2rem;margin:0}
dt{color:var(--soft)}
dd{margin:0;min-width:0;white-space:pre-wrap;unicode-bidi:isolate}
pre{margin:0;padding:.9rem 1rem;background:var(--well);border:1px solid var(--line);border-radius:.6rem;overflow:auto;
max-height:22rem;font:.875rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap}
form+form{margin-top:1.2rem}
.field{margin:0 0 1.1rem}
label{display:block;font-weight:600;margin-bottom:.3rem}
.hint{display:block;font-weight:400;font-size:.875rem;color:var(--soft)}
input,select,textarea{width:100%;font:inherit;color:inherit;background:var(--card);border:1px solid var(--field);
border-radius:.6rem;padding:.6rem .8rem}
textarea{min-height:5.5rem;resize:vertical}
.check{display:flex;gap:.7rem;align-items:flex-start}
.check input{width:1.25rem;height:1.25rem;margin:.15rem 0 0;accent-color:var(--go);flex:none}
.check label{margin:0}
button{width:100%;min-height:3rem;font:inherit;font-weight:650;border-radius:.7rem;padding:.65rem 1.2rem;cursor:pointer;
border:1px solid var(--field);background:var(--card);color:var(--text);white-space:normal}
button.go{background:var(--go);border-color:var(--go);color:var(--go-text);font-size:1.0625rem}
button.stop{border-color:var(--stop);color:var(--stop)}
button:hover{filter:brightness(1.07)}
button:active{transform:translateY(1px)}
.row{display:grid;gap:.7rem;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr))}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.note{background:var(--note)}
.problem{background:var(--stop-back)}
.problem p,.note p{margin:0}
footer{margin:1.1rem .3rem 0;color:var(--soft);font-size:.8125rem}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em}
@media(max-width:26rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.55rem}}
@media(prefers-reduced-motion:reduce){button:active{transform:none}}
@media print{button{display:none}.card{box-shadow:none}}
)";

std::string Base64(const unsigned char* bytes, int size) {
  std::string text(4 * ((size + 2) / 3) + 1, '\0');
  text.resize(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, size));
  return text;
}

std::string MakePolicy() {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(kStyle.data()), kStyle.size(), digest);
  return "default-src 'none'; style-src 'sha256-" + Base64(digest, sizeof digest) +
         "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
}

}  // namespace

std::string_view StyleSheet() { return kStyle; }

const std::string& SecurityPolicy() {
  static const std::string* const policy = new std::string(MakePolicy());
  return *policy;
}

}  // namespace tokenbroker::pages
