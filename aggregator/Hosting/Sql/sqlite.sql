-- Grain state and reminders of the embedded default. The providers read their statements from OrleansQuery by key.
CREATE TABLE IF NOT EXISTS OrleansQuery(QueryKey TEXT NOT NULL PRIMARY KEY, QueryText TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS OrleansStorage(
  GrainIdHash INTEGER NOT NULL,
  GrainIdN0 INTEGER NOT NULL,
  GrainIdN1 INTEGER NOT NULL,
  GrainTypeHash INTEGER NOT NULL,
  GrainTypeString TEXT NOT NULL,
  GrainIdExtensionString TEXT NOT NULL DEFAULT '',
  ServiceId TEXT NOT NULL,
  PayloadBinary BLOB NULL,
  ModifiedOn TEXT NOT NULL,
  Version INTEGER NULL,
  PRIMARY KEY(ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtensionString));

CREATE TABLE IF NOT EXISTS OrleansRemindersTable(
  ServiceId TEXT NOT NULL,
  GrainId TEXT NOT NULL,
  ReminderName TEXT NOT NULL,
  StartTime DATETIME NOT NULL,
  Period INTEGER NOT NULL,
  GrainHash INTEGER NOT NULL,
  Version INTEGER NOT NULL,
  PRIMARY KEY(ServiceId, GrainId, ReminderName));

CREATE INDEX IF NOT EXISTS OrleansRemindersByHash ON OrleansRemindersTable(ServiceId, GrainHash);

-- A write that meets another version changes nothing and answers the version it was given; the provider reads that as
-- a conflict.
INSERT OR REPLACE INTO OrleansQuery VALUES('WriteToStorageKey', '
  INSERT INTO OrleansStorage(GrainIdHash, GrainIdN0, GrainIdN1, GrainTypeHash, GrainTypeString, GrainIdExtensionString, ServiceId, PayloadBinary, ModifiedOn, Version)
  VALUES(@GrainIdHash, @GrainIdN0, @GrainIdN1, @GrainTypeHash, @GrainTypeString, IFNULL(@GrainIdExtensionString, ''''), @ServiceId, @PayloadBinary, datetime(), 1)
  ON CONFLICT(ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtensionString) DO UPDATE
    SET PayloadBinary = excluded.PayloadBinary, ModifiedOn = excluded.ModifiedOn, Version = OrleansStorage.Version + 1
    WHERE OrleansStorage.Version = @GrainStateVersion;
  SELECT CASE WHEN changes() > 0 THEN IFNULL(@GrainStateVersion, 0) + 1 ELSE @GrainStateVersion END AS NewGrainStateVersion;');

INSERT OR REPLACE INTO OrleansQuery VALUES('ReadFromStorageKey', '
  SELECT PayloadBinary, datetime() AS ModifiedOn, Version FROM OrleansStorage
  WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainIdExtensionString = IFNULL(@GrainIdExtensionString, '''');');

INSERT OR REPLACE INTO OrleansQuery VALUES('ClearStorageKey', '
  UPDATE OrleansStorage SET PayloadBinary = NULL, ModifiedOn = datetime(), Version = Version + 1
  WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainIdExtensionString = IFNULL(@GrainIdExtensionString, '''') AND Version = @GrainStateVersion;
  SELECT CASE WHEN changes() > 0 THEN @GrainStateVersion + 1 ELSE @GrainStateVersion END AS NewGrainStateVersion;');

INSERT OR REPLACE INTO OrleansQuery VALUES('DeleteStorageKey', '
  DELETE FROM OrleansStorage
  WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainIdExtensionString = IFNULL(@GrainIdExtensionString, '''') AND Version = @GrainStateVersion;
  SELECT CASE WHEN changes() > 0 THEN @GrainStateVersion + 1 ELSE @GrainStateVersion END AS NewGrainStateVersion;');

INSERT OR REPLACE INTO OrleansQuery VALUES('UpsertReminderRowKey', '
  INSERT INTO OrleansRemindersTable(ServiceId, GrainId, ReminderName, StartTime, Period, GrainHash, Version)
  VALUES(@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash, 0)
  ON CONFLICT(ServiceId, GrainId, ReminderName) DO UPDATE
    SET StartTime = excluded.StartTime, Period = excluded.Period, GrainHash = excluded.GrainHash, Version = OrleansRemindersTable.Version + 1
  RETURNING Version;');

INSERT OR REPLACE INTO OrleansQuery VALUES('ReadReminderRowsKey', '
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable WHERE ServiceId = @ServiceId AND GrainId = @GrainId;');

INSERT OR REPLACE INTO OrleansQuery VALUES('ReadReminderRowKey', '
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable
  WHERE ServiceId = @ServiceId AND GrainId = @GrainId AND ReminderName = @ReminderName;');

INSERT OR REPLACE INTO OrleansQuery VALUES('ReadRangeRows1Key', '
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable
  WHERE ServiceId = @ServiceId AND GrainHash > @BeginHash AND GrainHash <= @EndHash;');

-- The second range wraps around the hash ring.
INSERT OR REPLACE INTO OrleansQuery VALUES('ReadRangeRows2Key', '
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable
  WHERE ServiceId = @ServiceId AND (GrainHash > @BeginHash OR GrainHash <= @EndHash);');

INSERT OR REPLACE INTO OrleansQuery VALUES('DeleteReminderRowKey', '
  DELETE FROM OrleansRemindersTable WHERE ServiceId = @ServiceId AND GrainId = @GrainId AND ReminderName = @ReminderName AND Version = @Version;
  SELECT changes();');

INSERT OR REPLACE INTO OrleansQuery VALUES('DeleteReminderRowsKey', '
  DELETE FROM OrleansRemindersTable WHERE ServiceId = @ServiceId;');
