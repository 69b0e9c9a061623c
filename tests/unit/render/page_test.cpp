// The three formats: golden outputs, and what must hold of any output.
#include "mapping/render/page.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <regex>
#include <set>
#include <sstream>

#include "tests/unit/render/render_sample.hpp"

namespace statusfs {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string page(const std::string& document, const char* name) {
  return page_text(render_document(document), *default_mapping()->top(name));
}

struct Golden {
  const char* document;
  const char* page;
  const char* file;
};

class GoldenPage : public testing::TestWithParam<Golden> {};

TEST_P(GoldenPage, IsAsItWasSeenToBeGood) {
  const auto [document, name, file] = GetParam();
  const std::string text = page(document, name);
  if (text == render_data(file)) return;
  std::ofstream(testing::TempDir() + file, std::ios::binary) << text;
  ADD_FAILURE() << "another text than tests/data/render/" << file << "; it is in " << testing::TempDir() << file
                << ": look at it in a browser before it becomes the golden one";
}

INSTANTIATE_TEST_SUITE_P(All, GoldenPage,
                         testing::Values(Golden{"small", "status.md", "small.md"},
                                         Golden{"small", "board.svg", "small.svg"},
                                         Golden{"small", "board.html", "small.html"},
                                         Golden{"odd", "status.md", "odd.md"}, Golden{"odd", "board.svg", "odd.svg"},
                                         Golden{"odd", "board.html", "odd.html"}),
                         [](const auto& golden) {
                           std::string name = golden.param.file;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

// Every "<" in the pages is ours: nothing of the file's text begins an element, ends one, or stands in an attribute.
std::vector<std::string> elements_in(const std::string& text) {
  static const std::regex element("<(!?/?[A-Za-z]*)");
  std::vector<std::string> names;
  for (std::sregex_iterator found(text.begin(), text.end(), element), end; found != end; ++found)
    names.push_back((*found)[1]);
  return names;
}

// What stands in the first element of this name.
std::string content_of(const std::string& text, const std::string& element) {
  const std::string begin = "<" + element + ">";
  const std::size_t from = text.find(begin) + begin.size();
  return text.substr(from, text.find("</" + element + ">", from) - from);
}

TEST(HtmlPage, HasNoElementsButItsOwn) {
  std::string text = page("odd", "board.html");
  const std::string script = content_of(text, "script");
  text.erase(text.find(script), script.size());  // it compares, and "<" is no element there
  std::size_t scripts = 0;
  const std::set<std::string> own{"!DOCTYPE", "bdi",   "body",   "button",  "div",   "h",     "head",     "header",
                                  "html",     "input", "label",  "li",      "main",  "meta",  "noscript", "ol",
                                  "progress", "rect",  "script", "section", "span",  "style", "svg",      "table",
                                  "tbody",    "td",    "th",     "thead",   "title", "tr",    "ul"};
  for (const std::string& name : elements_in(text)) {
    scripts += name == "script";
    EXPECT_TRUE(own.contains(name.substr(name.starts_with('/')))) << name;
  }
  EXPECT_EQ(scripts, 1U);
  EXPECT_THAT(text, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

// As a Content-Security-Policy names what it lets through.
std::string policy_hash(const std::string& content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> encoded{};
  EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return std::string("'sha256-") + reinterpret_cast<const char*>(encoded.data()) + "'";
}

TEST(HtmlPage, LetsRunOnlyItsOwnScript) {
  const std::string text = page("small", "board.html");
  EXPECT_THAT(text, HasSubstr("Content-Security-Policy\" content=\"default-src 'none'; style-src " +
                              policy_hash(content_of(text, "style")) + "; script-src " +
                              policy_hash(content_of(text, "script")) + "; "));
  EXPECT_THAT(text, Not(HasSubstr("unsafe-inline")));
}

TEST(HtmlPage, AsksNoNetwork) {
  for (const char* document : {"small", "odd"}) {
    const std::string text = page(document, "board.html");
    EXPECT_THAT(text, Not(HasSubstr("src=\"")));
    EXPECT_THAT(text, Not(HasSubstr("href=\"")));
    EXPECT_THAT(text, Not(HasSubstr("url(")));
  }
}

TEST(SvgPage, HasNoElementsButItsOwn) {
  for (const std::string& name : elements_in(page("odd", "board.svg")))
    EXPECT_THAT(name, testing::AnyOf("svg", "/svg", "title", "/title", "style", "/style", "rect", "/rect", "text",
                                     "/text", "circle", "/circle", "path", "g", "/g", "clipPath", "/clipPath"));
}

TEST(SvgPage, ShowsAllOfManyTasks) {
  Value tasks = Value::array();
  for (int number = 0; number < 2000; ++number)
    tasks = tasks.with_appended(
        Value::object({{"task_id_ref", Value("t" + std::to_string(number))}, {"status", Value("DONE")}}));
  const Value root = Value::object({{"payload", Value::object({{"tasks_status", tasks}})}});
  const StatusDocument document(default_mapping(), root);
  const std::string text = page_text(document, *default_mapping()->top("board.svg"));
  for (const char* task : {"<title>t0,", "<title>t1000,", "<title>t1999,"}) EXPECT_THAT(text, HasSubstr(task));
  EXPECT_THAT(text, HasSubstr("1980 more"));
}

TEST(MarkdownPage, IsATableWhateverNamesHold) {
  const std::string text = page("odd", "status.md");
  std::istringstream lines(text);
  std::size_t rows = 0;
  static const std::regex bar(R"((^|[^\\])\|)");
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    ++rows;
    EXPECT_EQ(std::distance(std::sregex_iterator(line.begin(), line.end(), bar), std::sregex_iterator()), 7) << line;
  }
  EXPECT_EQ(rows, 9U);
  static const std::regex code("`[^`]*`"), element(R"((^|[^\\])<)");
  EXPECT_FALSE(std::regex_search(std::regex_replace(text, code, "`"), element));
  EXPECT_THAT(text, HasSubstr("\\<script\\>"));
}

TEST(MarkdownPage, LeavesOrdinaryTextReadable) {
  EXPECT_THAT(page("small", "status.md"), HasSubstr("- Task task_003_payments blocked due to missing API key.\n"));
}

// How a line of free text stands in the page.
std::string shown_blocker(const std::string& blocker) {
  const Value list = Value::array({Value(std::string_view(blocker))});
  const Value summary = Value::object({{"active_blockers_summary", list}});
  const Value root = Value::object({{"payload", Value::object({{"overall_status_summary", summary}})}});
  const std::string text = page_text(StatusDocument(default_mapping(), root), *default_mapping()->top("status.md"));
  const std::size_t begin = text.find("\n- ", text.find("## Blockers")) + 3;
  return text.substr(begin, text.find('\n', begin) - begin);
}

// CommonMark: an underscore opens or closes emphasis unless letters stand on both sides of it.
TEST(MarkdownPage, UnderscoresAreNoEmphasis) {
  for (const char* word : {"zähl_größe", "straße_ü_ende", "задача_один", "日本_語", "a_1"})
    EXPECT_EQ(shown_blocker(word), word);
  EXPECT_EQ(shown_blocker("—_wichtig_—"), "—\\_wichtig\\_—");
  EXPECT_EQ(shown_blocker("„_so_“"), "„\\_so\\_“");
  EXPECT_EQ(shown_blocker("😀_x_😀"), "😀\\_x\\_😀");
  EXPECT_EQ(shown_blocker("\u00a0_x_"), "\u00a0\\_x\\_");
}

TEST(MarkdownPage, NoLineBecomesAListALinkOrCode) {
  EXPECT_EQ(shown_blocker("1. first"), "1\\. first");
  EXPECT_EQ(shown_blocker("12) twelfth"), "12\\) twelfth");
  EXPECT_EQ(shown_blocker("v1. and (2)"), "v1. and (2)");
  EXPECT_EQ(shown_blocker("+ more"), "\\+ more");
  EXPECT_EQ(shown_blocker("a + b - c"), "a + b - c");
  EXPECT_EQ(shown_blocker("www.example.org"), "www\\.example.org");
  EXPECT_EQ(shown_blocker("see http://one now"), "see http\\://one now");
  EXPECT_EQ(shown_blocker("ada@example.org"), "ada\\@example.org");
  EXPECT_EQ(shown_blocker("    indented"), "indented");
  EXPECT_EQ(shown_blocker("*a* [b](c) `d` ~~e~~ &amp;"), "\\*a\\* \\[b\\](c) \\`d\\` \\~\\~e\\~\\~ \\&amp;");
}

}  // namespace
}  // namespace statusfs
