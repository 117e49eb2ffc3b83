// Selection profiles and worklists of an engine on a temporary store, in verbs.
#ifndef PORTRISK_TESTS_SERVICE_SELECTION_FIXTURE_H_
#define PORTRISK_TESTS_SERVICE_SELECTION_FIXTURE_H_

#include <string>

#include "service/profile_api.h"
#include "service/worklist_api.h"
#include "tests/service/outcome_fixture.h"

namespace portrisk::service {

class SelectionTest : public OutcomeTest {
 protected:
  static std::string Profile(absl::string_view rest) {
    return absl::StrCat("profile: nl\nowner: NL Customs\n", rest);
  }
  absl::StatusOr<v1::SelectionProfileVersion> Create(
      const std::string& yaml, const std::string& caller = kCaller) {
    v1::CreateProfileRequest request;
    request.set_yaml(yaml);
    request.set_file("nl.yaml");
    request.set_note("because");
    return Profiles().Create(request, caller);
  }
  absl::StatusOr<v1::SelectionProfileVersion> ActivateProfile(
      uint64_t version, const std::string& caller = kCaller) {
    v1::ActivateProfileRequest request;
    request.set_version(version);
    return Profiles().Activate(request, caller);
  }
  void PutInForce(const std::string& yaml) {
    auto made = Create(yaml);
    ASSERT_TRUE(made.ok()) << made.status();
    auto active = ActivateProfile(made->version());
    ASSERT_TRUE(active.ok()) << active.status();
  }
  ProfileApi Profiles() { return {engine_.get(), /*development=*/true}; }

  // Of the place and the times of MakeMovement.
  static v1::ListWorklistRequest Around(int64_t time_s, uint32_t capacity) {
    v1::ListWorklistRequest request;
    request.set_locode("NLRTM");
    request.set_facility("ECTDELTA");
    request.set_hours(24);
    request.set_capacity(capacity);
    request.mutable_time()->set_seconds(kMovementsBegin + time_s);
    request.set_language("en");
    return request;
  }
  v1::Worklist ListWorklist(const v1::ListWorklistRequest& request) {
    const HistoryApi history(engine_.get());
    auto list = WorklistApi(engine_.get(), &history).List(request);
    EXPECT_TRUE(list.ok()) << list.status();
    return list.value_or(v1::Worklist());
  }
  absl::StatusOr<v1::Worklist> TakeWorklist(
      const v1::ListWorklistRequest& request) {
    const HistoryApi history(engine_.get());
    return WorklistApi(engine_.get(), &history).Take(request, kOfficer);
  }
};

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_SELECTION_FIXTURE_H_
