-- Grain state, reminders and clustering of an aggregator of several silos, for PostgreSQL 13 or newer.
-- Run it once with psql as the owner of the database; running it again changes nothing but the query texts.
-- The Orleans providers read their statements from OrleansQuery by key; names after @ are the parameters they pass.

BEGIN;

CREATE TABLE IF NOT EXISTS OrleansQuery(
  QueryKey varchar(64) PRIMARY KEY,
  QueryText text NOT NULL);

-- Grain state ----------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS OrleansStorage(
  GrainIdHash integer NOT NULL,
  GrainIdN0 bigint NOT NULL,
  GrainIdN1 bigint NOT NULL,
  GrainTypeHash integer NOT NULL,
  GrainTypeString varchar(512) NOT NULL,
  GrainIdExtensionString varchar(512) NOT NULL DEFAULT '',
  ServiceId varchar(150) NOT NULL,
  PayloadBinary bytea NULL,
  ModifiedOn timestamptz NOT NULL,
  Version integer NOT NULL,
  PRIMARY KEY(ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtensionString));

-- Reminders ------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS OrleansRemindersTable(
  ServiceId varchar(150) NOT NULL,
  GrainId varchar(150) NOT NULL,
  ReminderName varchar(150) NOT NULL,
  StartTime timestamptz NOT NULL,
  Period bigint NOT NULL,
  GrainHash integer NOT NULL,
  Version integer NOT NULL,
  PRIMARY KEY(ServiceId, GrainId, ReminderName));

CREATE INDEX IF NOT EXISTS OrleansRemindersByHash ON OrleansRemindersTable(ServiceId, GrainHash);

-- Clustering -----------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS OrleansMembershipVersionTable(
  DeploymentId varchar(150) PRIMARY KEY,
  Timestamp timestamptz NOT NULL DEFAULT now(),
  Version integer NOT NULL DEFAULT 0);

CREATE TABLE IF NOT EXISTS OrleansMembershipTable(
  DeploymentId varchar(150) NOT NULL REFERENCES OrleansMembershipVersionTable(DeploymentId),
  Address varchar(45) NOT NULL,
  Port integer NOT NULL,
  Generation integer NOT NULL,
  SiloName varchar(150) NOT NULL,
  HostName varchar(150) NOT NULL,
  Status integer NOT NULL,
  ProxyPort integer NULL,
  SuspectTimes varchar(8000) NULL,
  StartTime timestamptz NOT NULL,
  IAmAliveTime timestamptz NOT NULL,
  PRIMARY KEY(DeploymentId, Address, Port, Generation));

-- A silo joins only against the membership version it has read. The row lock makes a second silo wait and then see the
-- new version, so exactly one of two that read the same version gets 1.
CREATE OR REPLACE FUNCTION bmf_insert_membership(
  deployment varchar, silo_address varchar, silo_port integer, silo_generation integer, silo_name varchar, host varchar,
  silo_status integer, gateway integer, started timestamptz, alive timestamptz, expected integer)
RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM OrleansMembershipVersionTable WHERE DeploymentId = deployment AND Version = expected FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  INSERT INTO OrleansMembershipTable(DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
  VALUES(deployment, silo_address, silo_port, silo_generation, silo_name, host, silo_status, gateway, started, alive)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  UPDATE OrleansMembershipVersionTable SET Version = Version + 1, Timestamp = now() WHERE DeploymentId = deployment;
  RETURN 1;
END $$;

CREATE OR REPLACE FUNCTION bmf_update_membership(
  deployment varchar, silo_address varchar, silo_port integer, silo_generation integer, silo_status integer,
  suspects varchar, alive timestamptz, expected integer)
RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM OrleansMembershipVersionTable WHERE DeploymentId = deployment AND Version = expected FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  UPDATE OrleansMembershipTable SET Status = silo_status, SuspectTimes = suspects, IAmAliveTime = alive
  WHERE DeploymentId = deployment AND Address = silo_address AND Port = silo_port AND Generation = silo_generation;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  UPDATE OrleansMembershipVersionTable SET Version = Version + 1, Timestamp = now() WHERE DeploymentId = deployment;
  RETURN 1;
END $$;

-- Statements -----------------------------------------------------------------------------------------------------------

CREATE TEMPORARY TABLE Statements(QueryKey varchar(64), QueryText text) ON COMMIT DROP;

-- A write with a version changes the row that has this version; a write without one makes the row. Anything else changes
-- nothing and answers the version it was given, which the provider reads as a conflict.
INSERT INTO Statements VALUES('WriteToStorageKey', $sql$
  WITH changed AS (
    UPDATE OrleansStorage SET PayloadBinary = @PayloadBinary, ModifiedOn = now(), Version = Version + 1
    WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
      AND GrainIdExtensionString = COALESCE(@GrainIdExtensionString::varchar, '') AND Version = @GrainStateVersion::integer
    RETURNING Version),
  made AS (
    INSERT INTO OrleansStorage(GrainIdHash, GrainIdN0, GrainIdN1, GrainTypeHash, GrainTypeString, GrainIdExtensionString, ServiceId, PayloadBinary, ModifiedOn, Version)
    SELECT @GrainIdHash, @GrainIdN0, @GrainIdN1, @GrainTypeHash, @GrainTypeString, COALESCE(@GrainIdExtensionString::varchar, ''), @ServiceId, @PayloadBinary::bytea, now(), 1
    WHERE @GrainStateVersion::integer IS NULL
    ON CONFLICT DO NOTHING
    RETURNING Version)
  SELECT COALESCE((SELECT Version FROM changed), (SELECT Version FROM made), @GrainStateVersion::integer) AS NewGrainStateVersion;$sql$);

INSERT INTO Statements VALUES('ReadFromStorageKey', $sql$
  SELECT PayloadBinary, now() AS ModifiedOn, Version FROM OrleansStorage
  WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainIdExtensionString = COALESCE(@GrainIdExtensionString::varchar, '');$sql$);

INSERT INTO Statements VALUES('ClearStorageKey', $sql$
  WITH changed AS (
    UPDATE OrleansStorage SET PayloadBinary = NULL, ModifiedOn = now(), Version = Version + 1
    WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
      AND GrainIdExtensionString = COALESCE(@GrainIdExtensionString::varchar, '') AND Version = @GrainStateVersion::integer
    RETURNING Version)
  SELECT COALESCE((SELECT Version FROM changed), @GrainStateVersion::integer) AS NewGrainStateVersion;$sql$);

INSERT INTO Statements VALUES('DeleteStorageKey', $sql$
  WITH gone AS (
    DELETE FROM OrleansStorage
    WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
      AND GrainIdExtensionString = COALESCE(@GrainIdExtensionString::varchar, '') AND Version = @GrainStateVersion::integer
    RETURNING Version)
  SELECT COALESCE((SELECT Version + 1 FROM gone), @GrainStateVersion::integer) AS NewGrainStateVersion;$sql$);

INSERT INTO Statements VALUES('UpsertReminderRowKey', $sql$
  INSERT INTO OrleansRemindersTable(ServiceId, GrainId, ReminderName, StartTime, Period, GrainHash, Version)
  VALUES(@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash, 0)
  ON CONFLICT(ServiceId, GrainId, ReminderName) DO UPDATE
    SET StartTime = excluded.StartTime, Period = excluded.Period, GrainHash = excluded.GrainHash, Version = OrleansRemindersTable.Version + 1
  RETURNING Version;$sql$);

INSERT INTO Statements VALUES('ReadReminderRowsKey', $sql$
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable
  WHERE ServiceId = @ServiceId AND GrainId = @GrainId;$sql$);

INSERT INTO Statements VALUES('ReadReminderRowKey', $sql$
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable
  WHERE ServiceId = @ServiceId AND GrainId = @GrainId AND ReminderName = @ReminderName;$sql$);

INSERT INTO Statements VALUES('ReadRangeRows1Key', $sql$
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable
  WHERE ServiceId = @ServiceId AND GrainHash > @BeginHash AND GrainHash <= @EndHash;$sql$);

-- The second range wraps around the hash ring.
INSERT INTO Statements VALUES('ReadRangeRows2Key', $sql$
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable
  WHERE ServiceId = @ServiceId AND (GrainHash > @BeginHash OR GrainHash <= @EndHash);$sql$);

INSERT INTO Statements VALUES('DeleteReminderRowKey', $sql$
  WITH gone AS (
    DELETE FROM OrleansRemindersTable
    WHERE ServiceId = @ServiceId AND GrainId = @GrainId AND ReminderName = @ReminderName AND Version = @Version
    RETURNING 1)
  SELECT count(*)::integer FROM gone;$sql$);

INSERT INTO Statements VALUES('DeleteReminderRowsKey', $sql$
  DELETE FROM OrleansRemindersTable WHERE ServiceId = @ServiceId;$sql$);

INSERT INTO Statements VALUES('InsertMembershipVersionKey', $sql$
  WITH made AS (
    INSERT INTO OrleansMembershipVersionTable(DeploymentId) VALUES(@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*)::integer FROM made;$sql$);

INSERT INTO Statements VALUES('InsertMembershipKey', $sql$
  SELECT bmf_insert_membership(@DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime, @Version);$sql$);

INSERT INTO Statements VALUES('UpdateMembershipKey', $sql$
  SELECT bmf_update_membership(@DeploymentId, @Address, @Port, @Generation, @Status, @SuspectTimes, @IAmAliveTime, @Version);$sql$);

-- Outside the version: a heartbeat is no change of the membership.
INSERT INTO Statements VALUES('UpdateIAmAlivetimeKey', $sql$
  UPDATE OrleansMembershipTable SET IAmAliveTime = @IAmAliveTime
  WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation;$sql$);

-- The version is read also when there is no silo yet.
INSERT INTO Statements VALUES('MembershipReadRowKey', $sql$
  SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
  FROM OrleansMembershipVersionTable v
  LEFT JOIN OrleansMembershipTable m ON m.DeploymentId = v.DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
  WHERE v.DeploymentId = @DeploymentId;$sql$);

INSERT INTO Statements VALUES('MembershipReadAllKey', $sql$
  SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
  FROM OrleansMembershipVersionTable v
  LEFT JOIN OrleansMembershipTable m ON m.DeploymentId = v.DeploymentId
  WHERE v.DeploymentId = @DeploymentId;$sql$);

INSERT INTO Statements VALUES('GatewaysQueryKey', $sql$
  SELECT Address, ProxyPort, Generation FROM OrleansMembershipTable
  WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0;$sql$);

INSERT INTO Statements VALUES('DeleteMembershipTableEntriesKey', $sql$
  DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId;
  DELETE FROM OrleansMembershipVersionTable WHERE DeploymentId = @DeploymentId;$sql$);

-- Status 3 is Active: a silo that the cluster still counts is never removed by its age.
INSERT INTO Statements VALUES('CleanupDefunctSiloEntriesKey', $sql$
  DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND IAmAliveTime < @IAmAliveTime AND Status <> 3;$sql$);

INSERT INTO OrleansQuery(QueryKey, QueryText) SELECT QueryKey, QueryText FROM Statements
ON CONFLICT(QueryKey) DO UPDATE SET QueryText = excluded.QueryText;

COMMIT;
