#include "support/migration_twins.hpp"

TEST(TrackingMigration, SaysTheSameToBothDatabases) { wakeful::testing::expect_twins("0001_tracking"); }
