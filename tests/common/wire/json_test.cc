#include <capnp/message.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "common/wire/json_codec.h"
#include "common/wire/lab_codec.h"
#include "schemas/message.capnp.h"

namespace swarmlab::wire {
namespace {

TEST(Json, PrintsEveryFieldOfAnEmptyExperiment) {
  capnp::MallocMessageBuilder message;
  const auto view = message.initRoot<schema::ExperimentView>().asReader();
  EXPECT_EQ(
      to_json(view),
      R"({"number":0,"lab":"","parent":null,"verdict":"","kind":"","segment":0,"score":null,)"
      R"("metrics":{},"scale":"","commit":"","hypothesis":"","worker":"","attempts":0,)"
      R"("costUsd":0,"startedAt":null,"endedAt":null,"reason":"","mechanism":"",)"
      R"("mechanismConfirmed":null,"notes":"","ideas":[],"pickedBecause":"",)"
      R"("duplicateOf":null,"paths":[],"stages":{},"measurements":[],"isBest":false,)"
      R"("hostClass":"","parentCommit":"","inputTokens":0,"outputTokens":0,"comparedWith":null,"pairs":0,)"
      R"("gain":null,"gainLow":null,"gainHigh":null,"confidence":null,"madConfidence":null,)"
      R"("size":null,"simpler":false,"undoes":null,"mergedWith":null,"climbs":[],"holdout":null,)"
      R"("injectedBy":"",)"
      R"("injectedFrom":"","rejectedBy":"","rejectedWhy":"","rejectedAt":null,)"
      R"("descendsFromRejected":null,"nearDuplicateOf":null,"similarity":null,"reworks":0,)"
      R"("judged":{},"evidence":[],"hypervolume":null,"agent":{"end":"","said":"","session":"",)"
      R"("model":"","finalMessage":"","turns":0,"toolCalls":0,"cachedTokens":0,"costSource":"",)"
      R"("refused":{},"sessionExperiment":0}})");
}

void fill(schema::ExperimentView::Builder view) {
  view.setNumber(3);
  view.setLab("circles");
  write(view.initParent(), 1U);
  view.setVerdict("keep");
  view.setKind("explore");
  view.setSegment(1);
  write(view.initScore(), 0.1);
  auto metrics = view.initMetrics(2);
  metrics[0].setName("radii");
  metrics[0].setValue(26);
  metrics[1].setName("p\"99");
  metrics[1].setValue(1e-7);
  view.setScale("base");
  view.setCostUsd(0.25);
  write(view.initStartedAt(), Timestamp(Milliseconds(1'795'235'696'007)));
  write(view.initMechanismConfirmed(), false);
  view.initIdeas(1).set(0, "more circles");
  auto measurement = view.initMeasurements(1)[0];
  write(measurement.initScore(), 0.1);
  measurement.setTookMs(12.5);
}

TEST(Json, PrintsAnExperiment) {
  capnp::MallocMessageBuilder message;
  auto view = message.initRoot<schema::ExperimentView>();
  fill(view);
  EXPECT_EQ(
      to_json(view.asReader()),
      R"({"number":3,"lab":"circles","parent":1,"verdict":"keep","kind":"explore","segment":1,)"
      R"("score":0.1,"metrics":{"radii":26,"p\"99":1e-07},"scale":"base","commit":"",)"
      R"("hypothesis":"","worker":"","attempts":0,"costUsd":0.25,)"
      R"("startedAt":"2026-11-21T04:34:56.007Z","endedAt":null,"reason":"","mechanism":"",)"
      R"("mechanismConfirmed":false,"notes":"","ideas":["more circles"],"pickedBecause":"",)"
      R"("duplicateOf":null,"paths":[],"stages":{},"measurements":[{"score":0.1,"metrics":{},)"
      R"("scale":"","hostClass":"","repeat":0,"worker":"","tookMs":12.5,"evaluatorHash":"",)"
      R"("dataHash":"","tree":""}],"isBest":false,"hostClass":"","parentCommit":"",)"
      R"("inputTokens":0,"outputTokens":0,"comparedWith":null,"pairs":0,)"
      R"("gain":null,"gainLow":null,"gainHigh":null,"confidence":null,"madConfidence":null,)"
      R"("size":null,"simpler":false,"undoes":null,"mergedWith":null,"climbs":[],"holdout":null,)"
      R"("injectedBy":"",)"
      R"("injectedFrom":"","rejectedBy":"","rejectedWhy":"","rejectedAt":null,)"
      R"("descendsFromRejected":null,"nearDuplicateOf":null,"similarity":null,"reworks":0,)"
      R"("judged":{},"evidence":[],"hypervolume":null,"agent":{"end":"","said":"","session":"",)"
      R"("model":"","finalMessage":"","turns":0,"toolCalls":0,"cachedTokens":0,"costSource":"",)"
      R"("refused":{},"sessionExperiment":0}})");
}

TEST(Json, PrintsPrettyWithTwoSpaces) {
  capnp::MallocMessageBuilder message;
  auto list = message.initRoot<schema::FrontierList>();
  auto entry = list.initEntries(1)[0];
  entry.setNumber(4);
  write(entry.initScore(), 2.5);
  entry.setHypothesis("x");
  EXPECT_EQ(to_json(list.asReader(), JsonStyle::pretty), R"({
  "entries": [
    {
      "number": 4,
      "score": 2.5,
      "priority": null,
      "visits": 0,
      "hypothesis": "x",
      "commit": "",
      "runs": 0,
      "size": null,
      "descendsFromRejected": null,
      "values": {},
      "dominatedBy": null,
      "contribution": null
    }
  ],
  "metrics": [],
  "hypervolume": null
})");
  EXPECT_EQ(to_json(message.initRoot<schema::FrontierList>().asReader(), JsonStyle::pretty),
            "{\n  \"entries\": [],\n  \"metrics\": [],\n  \"hypervolume\": null\n}");
}

TEST(Json, PrintsAListOfViewsAsAnArray) {
  capnp::MallocMessageBuilder message;
  auto list = message.initRoot<schema::EventList>();
  auto event = list.initEvents(1)[0];
  event.setSequence(9007199254740991.0);
  event.setKind("opened");
  EXPECT_EQ(to_json(list.getEvents().asReader()),
            R"([{"sequence":9007199254740991,"at":null,"kind":"opened","lab":"",)"
            R"("experiment":null,"text":"","why":""}])");
}

TEST(Json, PrintsAStatus) {
  capnp::MallocMessageBuilder message;
  auto status = message.initRoot<schema::StatusView>();
  auto lab = status.initLabs(1)[0];
  lab.setName("circles");
  lab.setState("running");
  write(lab.initBestExperiment(), 7U);
  auto verdicts = lab.initVerdicts(1);
  verdicts[0].setName("keep");
  verdicts[0].setValue(2);
  EXPECT_EQ(to_json(status.asReader()),
            R"({"labs":[{"name":"circles","state":"running","experiments":0,"iterations":0,)"
            R"("kept":0,"best":null,"bestExperiment":7,"baseline":null,"running":0,)"
            R"("stopReason":"","metric":"","direction":"","verdicts":{"keep":2},"spentUsd":0,)"
            R"("maxIterations":0,"segment":0,"folder":"","policy":"","activeMs":0,)"
            R"("parent":"","path":[],"branchedFrom":null,"set":[],"maxParallel":0,"weight":0,)"
            R"("waiting":"","labCommit":"","gainChance":null,"gainExperiments":0,)"
            R"("gainPerExperiment":null,"gainPerDollar":null,"madConfidence":null,"bestRuns":0,)"
            R"("bestSize":null,"champion":null,"championScale":"","ladder":"","warnings":[],)"
            R"("hints":0,"metrics":[],"hypervolume":null,"provider":"","providerSaid":"",)"
            R"("providerRetryAt":null}],)"
            R"("workers":[],"coordinator":{"version":"","pid":0,"address":"","startedAt":null,)"
            R"("running":false,"store":"","lastBackupAt":null,"lastBackup":"","disk":"",)"
            R"("freeBytes":0},"refused":[],"alarm":""})");
}

// One view with one number, for what follows.
std::string json_of_number(double value) {
  capnp::MallocMessageBuilder message;
  auto list = message.initRoot<schema::MeasurementView>().initMetrics(1);
  list[0].setName("n");
  list[0].setValue(value);
  return to_json(list.asReader());
}

TEST(Json, PrintsNumbersInTheShortestFormThatReadsBack) {
  EXPECT_EQ(json_of_number(0.1), R"({"n":0.1})");
  EXPECT_EQ(json_of_number(0.1 + 0.2), R"({"n":0.30000000000000004})");
  EXPECT_EQ(json_of_number(2.0 / 3), R"({"n":0.6666666666666666})");
  EXPECT_EQ(json_of_number(-0.0), R"({"n":-0})");
  EXPECT_EQ(json_of_number(1e100), R"({"n":1e+100})");
  EXPECT_EQ(json_of_number(5e-324), R"({"n":5e-324})");
}

TEST(Json, PrintsNumbersThatAreNotFiniteAsNull) {
  EXPECT_EQ(json_of_number(std::numeric_limits<double>::quiet_NaN()), R"({"n":null})");
  EXPECT_EQ(json_of_number(-std::numeric_limits<double>::infinity()), R"({"n":null})");
  capnp::MallocMessageBuilder message;
  auto event = message.initRoot<schema::EventList>();
  event.setLast(std::numeric_limits<double>::infinity());
  EXPECT_EQ(to_json(event.asReader()), R"({"events":[],"last":null})");
}

TEST(Json, PrintsANameThatComesTwiceOnce) {
  capnp::MallocMessageBuilder message;
  auto list = message.initRoot<schema::MeasurementView>().initMetrics(2);
  list[0].setName("n");
  list[0].setValue(1);
  list[1].setName("n");
  list[1].setValue(2);
  EXPECT_EQ(to_json(list.asReader()), R"({"n":2})");
}

std::string json_of_hypothesis(const std::string& text) {
  capnp::MallocMessageBuilder message;
  auto paths = message.initRoot<schema::ExperimentView>().initPaths(1);
  paths.set(0, capnp::Text::Reader(text.c_str(), text.size()));
  return to_json(paths.asReader());
}

TEST(Json, EscapesTexts) {
  EXPECT_EQ(json_of_hypothesis("a\"b\\c\n\t\r\x01\x7f"), R"(["a\"b\\c\n\t\r\u0001\u007f"])");
  EXPECT_EQ(json_of_hypothesis(std::string("a\0b", 3)), R"(["a\u0000b"])");
  EXPECT_EQ(json_of_hypothesis("héllo ✓ 😀"), "[\"héllo ✓ 😀\"]");
}

TEST(Json, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(json_of_hypothesis("a\xff"
                               "b"),
            "[\"a\uFFFD"
            "b\"]");
  EXPECT_EQ(json_of_hypothesis("\xC0\x80"), "[\"\uFFFD\uFFFD\"]");            // overlong
  EXPECT_EQ(json_of_hypothesis("\xED\xA0\x80"), "[\"\uFFFD\uFFFD\uFFFD\"]");  // surrogate
  EXPECT_EQ(json_of_hypothesis("cut \xE2\x9C"), "[\"cut \uFFFD\uFFFD\"]");
  EXPECT_EQ(json_of_hypothesis("\xF4\x90\x80\x80"), "[\"\uFFFD\uFFFD\uFFFD\uFFFD\"]");
}

std::string json_of_extra(const char* text) {
  capnp::MallocMessageBuilder message;
  auto sample = message.initRoot<schema::SampleView>();
  sample.initExtra().setText(text);
  return to_json(sample.asReader());
}

TEST(Json, EmbedsWhatAnEvaluatorSaidOfASample) {
  EXPECT_EQ(json_of_extra(R"({"a": [1, true, null], "b": {"c": "d"}})"),
            R"({"id":"","score":null,"error":"","extra":{"a":[1,true,null],"b":{"c":"d"}}})");
}

TEST(Json, PrintsNullForWhatIsNoJson) {
  for (const char* text : {"", "{", "{\"a\": }", "nonsense", "[1] 2"}) {
    EXPECT_EQ(json_of_extra(text), R"({"id":"","score":null,"error":"","extra":null})") << text;
  }
  EXPECT_EQ(json_of_extra(std::string(100'000, '[').c_str()),
            R"({"id":"","score":null,"error":"","extra":null})");
}

TEST(Json, KeepsEveryLetterOfWhatOthersWrote) {
  EXPECT_EQ(json_of_extra(R"({"Stra\u00dfe": "\u001b[1m \ud83d\ude00 \u00e9 \uABCD"})"),
            "{\"id\":\"\",\"score\":null,\"error\":\"\",\"extra\":{\"Stra\u00dfe\":\"\\u001b[1m "
            "\U0001F600 "
            "\u00e9 \uabcd\"}}");
}

TEST(Json, TimesAreRfc3339InUtc) {
  EXPECT_EQ(rfc3339(Timestamp(Milliseconds(0))), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(Timestamp(Milliseconds(-1))), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(rfc3339(Timestamp(Milliseconds(951'782'400'000))), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(rfc3339(Timestamp::max()), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(rfc3339(Timestamp::min()), "0000-01-01T00:00:00.000Z");
}

// The names of all 64-bit integers in what `type` is made of: in JSON they would be strings.
std::vector<std::string> wide_integers(capnp::Type type) {
  while (type.isList()) type = type.asList().getElementType();
  if (!type.isStruct() || type == capnp::Type::from<schema::Time>()) return {};
  std::vector<std::string> found;
  for (const auto field : type.asStruct().getFields()) {
    if (field.getType().isInt64() || field.getType().isUInt64()) {
      found.emplace_back(field.getProto().getName().cStr());
    }
    const auto below = wide_integers(field.getType());
    found.insert(found.end(), below.begin(), below.end());
  }
  return found;
}

TEST(Json, HasOnlyNumbersThatAreNumbers) {
  using capnp::Type;
  for (const Type view :
       {Type::from<schema::StatusView>(), Type::from<schema::ExperimentList>(),
        Type::from<schema::ExperimentDetail>(), Type::from<schema::FrontierList>(),
        Type::from<schema::EventList>(), Type::from<schema::LabList>()}) {
    EXPECT_EQ(wide_integers(view), std::vector<std::string>()) << view.hashCode();
  }
  EXPECT_EQ(wide_integers(Type::from<schema::HeldLease>()).size(), 2U);  // it would find some
}

}  // namespace
}  // namespace swarmlab::wire
