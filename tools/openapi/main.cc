// openapi_generator DESCRIPTOR_SET VERSION JSON_FILE SOURCE_FILE
//
// Writes the document, and a source file that defines tokenbroker::rest::OpenApiDocument().
#include <fstream>
#include <iostream>
#include <iterator>

#include "tools/openapi/document.h"

namespace {

// C++ bounds no literal, but readers of core files and debuggers are glad of lines.
constexpr size_t kPiece = 4096;

// `text` in raw literals that the compiler joins. It knows how long an array is; for a constexpr string_view it would
// have to count, which it does up to 262,144 characters.
void WriteSource(const std::string& text, std::ostream& out) {
  out << "#include \"server/rest/openapi.h\"\n\nnamespace tokenbroker::rest {\n\n"
      << "std::string_view OpenApiDocument() {\n  static constexpr char kDocument[] =";
  for (size_t at = 0; at < text.size(); at += kPiece)
    out << "\n      R\"openapi(" << text.substr(at, kPiece) << ")openapi\"";
  out << ";\n  return {kDocument, sizeof kDocument - 1};\n}\n\n}  // namespace tokenbroker::rest\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: openapi_generator DESCRIPTOR_SET VERSION JSON_FILE SOURCE_FILE\n";
    return 2;
  }
  std::ifstream descriptors(argv[1], std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(descriptors), {});
  const auto document = tokenbroker::openapi::MakeDocument(tokenbroker::openapi::LoadContract(bytes), argv[2]);
  std::ofstream json(argv[3]);
  json << document.dump(2) << "\n";
  std::ofstream source(argv[4]);
  WriteSource(document.dump(), source);
  return json.flush() && source.flush() ? 0 : 1;
}
