#include "support/migration_twins.hpp"

TEST(MonitorMigration, SaysTheSameToBothDatabases) { wakeful::testing::expect_twins("0003_monitor"); }
