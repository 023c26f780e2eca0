namespace SecureAgent.HwSim.Tpm;

/// <summary>The values of TPM_CAP_TPM_PROPERTIES (Part 2, 6.13).</summary>
internal sealed class TpmProperties(TpmState tpm)
{
    private const uint FixedGroup = 0x100;
    private const uint VariableGroup = 0x200;
    private const uint EndOfGroups = 0x300;
    private const uint NotAssigned = 0x115;
    private const uint FamilyTwo = 0x322E_3000;
    private const uint Revision = 164;
    private const uint DayOfYear = 75;
    private const uint Year = 2021;

    /// <summary>The properties from <paramref name="property"/> to the end of its group.</summary>
    public IEnumerable<(uint Property, uint Value)> From(uint property)
    {
        IEnumerable<(uint Property, uint Value)> group = property switch
        {
            < VariableGroup => Numbered(FixedGroup, Fixed()),
            < EndOfGroups => Numbered(VariableGroup, Variable()),
            _ => [],
        };
        return group.Where(entry => entry.Property >= property);
    }

    private static IEnumerable<(uint Property, uint Value)> Numbered(uint first, uint[] values) =>
        Enumerable.Range(0, int.MaxValue).Select(i => first + (uint)i).Where(property => property != NotAssigned).Zip(values);

    private static uint[] Fixed()
    {
        uint commands = (uint)CommandTable.All.Count();
        return
        [
            FamilyTwo, // TPM_PT_FAMILY_INDICATOR
            0, // TPM_PT_LEVEL
            Revision, // TPM_PT_REVISION
            DayOfYear, // TPM_PT_DAY_OF_YEAR
            Year, // TPM_PT_YEAR
            0x5341_474E, // TPM_PT_MANUFACTURER: "SAGN"
            0x4877_5369, // TPM_PT_VENDOR_STRING_1: "HwSi"
            0x6D00_0000, // TPM_PT_VENDOR_STRING_2: "m"
            0, // TPM_PT_VENDOR_STRING_3
            0, // TPM_PT_VENDOR_STRING_4
            1, // TPM_PT_VENDOR_TPM_TYPE
            (uint)(Limits.FirmwareVersion >> 32), // TPM_PT_FIRMWARE_VERSION_1
            unchecked((uint)Limits.FirmwareVersion), // TPM_PT_FIRMWARE_VERSION_2
            Limits.MaxBuffer, // TPM_PT_INPUT_BUFFER
            Limits.LoadedObjects, // TPM_PT_HR_TRANSIENT_MIN
            Limits.MinPersistentObjects, // TPM_PT_HR_PERSISTENT_MIN
            Limits.LoadedSessions, // TPM_PT_HR_LOADED_MIN
            Limits.ActiveSessions, // TPM_PT_ACTIVE_SESSIONS_MAX
            PcrBanks.Count, // TPM_PT_PCR_COUNT
            PcrBanks.SelectSize, // TPM_PT_PCR_SELECT_MIN
            ushort.MaxValue, // TPM_PT_CONTEXT_GAP_MAX
            0, // TPM_PT_NV_COUNTERS_MAX: no limit
            Limits.MaxNvIndexSize, // TPM_PT_NV_INDEX_MAX
            6, // TPM_PT_MEMORY: object copies are in RAM, sessions too
            TpmClock.UpdateInterval, // TPM_PT_CLOCK_UPDATE
            (uint)TPM_ALG_SHA512, // TPM_PT_CONTEXT_HASH
            (uint)TPM_ALG_AES, // TPM_PT_CONTEXT_SYM
            256, // TPM_PT_CONTEXT_SYM_SIZE
            0xFF, // TPM_PT_ORDERLY_COUNT
            Limits.MaxCommand, // TPM_PT_MAX_COMMAND_SIZE
            Limits.MaxCommand, // TPM_PT_MAX_RESPONSE_SIZE
            Hash.MaxSize, // TPM_PT_MAX_DIGEST
            Limits.MaxContext, // TPM_PT_MAX_OBJECT_CONTEXT
            Limits.MaxSessionContext, // TPM_PT_MAX_SESSION_CONTEXT
            FamilyTwo, // TPM_PT_PS_FAMILY_INDICATOR
            0, // TPM_PT_PS_LEVEL
            Revision, // TPM_PT_PS_REVISION
            DayOfYear, // TPM_PT_PS_DAY_OF_YEAR
            Year, // TPM_PT_PS_YEAR
            0x80, // TPM_PT_SPLIT_MAX
            commands, // TPM_PT_TOTAL_COMMANDS
            commands, // TPM_PT_LIBRARY_COMMANDS
            0, // TPM_PT_VENDOR_COMMANDS
            Limits.MaxBuffer, // TPM_PT_NV_BUFFER_MAX
            0, // TPM_PT_MODES
            Limits.MaxBuffer, // TPM_PT_MAX_CAP_BUFFER
        ];
    }

    private uint[] Variable()
    {
        PersistentState persistent = tpm.Persistent;
        uint loaded = (uint)tpm.Sessions.Loaded.Count();
        return
        [
            Permanent(), // TPM_PT_PERMANENT
            StartupClear(), // TPM_PT_STARTUP_CLEAR
            (uint)tpm.Nv.All.Count(), // TPM_PT_HR_NV_INDEX
            loaded, // TPM_PT_HR_LOADED
            Limits.LoadedSessions - loaded, // TPM_PT_HR_LOADED_AVAIL
            (uint)tpm.Sessions.Active, // TPM_PT_HR_ACTIVE
            Limits.ActiveSessions - (uint)tpm.Sessions.Active, // TPM_PT_HR_ACTIVE_AVAIL
            (uint)tpm.Objects.Free, // TPM_PT_HR_TRANSIENT_AVAIL
            (uint)persistent.Objects.Count, // TPM_PT_HR_PERSISTENT
            Limits.PersistentObjects - (uint)persistent.Objects.Count, // TPM_PT_HR_PERSISTENT_AVAIL
            (uint)tpm.Nv.All.Count(index => index.IsCounter), // TPM_PT_NV_COUNTERS
            Limits.PersistentObjects, // TPM_PT_NV_COUNTERS_AVAIL
            0, // TPM_PT_ALGORITHM_SET
            (uint)EccCurves.All.Length, // TPM_PT_LOADED_CURVES
            tpm.Lockout.FailedTries, // TPM_PT_LOCKOUT_COUNTER
            persistent.MaxTries, // TPM_PT_MAX_AUTH_FAIL
            persistent.RecoveryTime, // TPM_PT_LOCKOUT_INTERVAL
            persistent.LockoutRecovery, // TPM_PT_LOCKOUT_RECOVERY
            0, // TPM_PT_NV_WRITE_RECOVERY
            0, // TPM_PT_AUDIT_COUNTER_0
            0, // TPM_PT_AUDIT_COUNTER_1
        ];
    }

    private uint Permanent()
    {
        const uint TpmGeneratedEps = 1 << 10;
        PersistentState persistent = tpm.Persistent;
        return TpmGeneratedEps
            | (persistent.Owner.AuthValue.Length > 0 ? 1u << 0 : 0)
            | (persistent.Endorsement.AuthValue.Length > 0 ? 1u << 1 : 0)
            | (persistent.LockoutHierarchy.AuthValue.Length > 0 ? 1u << 2 : 0)
            | (persistent.DisableClear ? 1u << 8 : 0)
            | (tpm.Lockout.InLockout ? 1u << 9 : 0);
    }

    private uint StartupClear()
    {
        PersistentState persistent = tpm.Persistent;
        return (tpm.Nv.PlatformEnabled ? 1u << 3 : 0)
            | (persistent.Platform.Enabled ? 1u << 0 : 0)
            | (persistent.Owner.Enabled ? 1u << 1 : 0)
            | (persistent.Endorsement.Enabled ? 1u << 2 : 0)
            | (tpm.WasOrderly ? 1u << 31 : 0);
    }
}
