using System.Numerics;

namespace SecureAgent.Backends.Tpm;

/// <content>Start-up and questions.</content>
internal sealed partial class TpmCommands
{
    private const int MaxAnswers = 4096;

    // TPM2_Startup (Part 3, 9.3): TPM_SU startupType (TPM_SU_CLEAR)

    /// <summary>Starts a TPM that nobody has started; where there is a kernel driver or TBS, they have.</summary>
    public void Startup()
    {
        TpmWriter writer = Parameters();
        writer.WriteUInt16(0);
        new TpmReader(Execute(TPM_CC.Startup, [], writer, TpmAuthorization.None)).End();
    }

    // TPM2_GetCapability (Part 3, 30.2)           response
    //   TPM_CAP   capability                        TPMI_YES_NO           moreData
    //   UINT32    property                          TPMS_CAPABILITY_DATA  capability, UINT32 count, items
    //   UINT32    propertyCount

    /// <summary>Reads TPM_CAP_TPM_PROPERTIES from <paramref name="first"/> on.</summary>
    public Dictionary<uint, uint> GetProperties(uint first, int count)
    {
        Dictionary<uint, uint> properties = [];
        TpmReader reader = new(GetCapability(6, first, count, out _));
        while (reader.Rest.Length > 0)
        {
            properties[reader.ReadUInt32()] = reader.ReadUInt32();
        }

        return properties;
    }

    /// <summary>Reads TPM_CAP_ALGS.</summary>
    public HashSet<TPM_ALG> GetAlgorithms()
    {
        HashSet<TPM_ALG> algorithms = [];
        for (uint next = 0; ;)
        {
            TpmReader reader = new(GetCapability(0, next, 128, out bool more));
            uint before = next;
            while (reader.Rest.Length > 0)
            {
                TPM_ALG algorithm = reader.ReadAlg();
                reader.ReadUInt32();
                algorithms.Add(algorithm);
                next = Math.Max(next, (uint)algorithm + 1);
            }

            if (!more || next == before)
            {
                return algorithms;
            }
        }
    }

    /// <summary>Reads TPM_CAP_ECC_CURVES.</summary>
    public HashSet<TPM_ECC_CURVE> GetCurves()
    {
        HashSet<TPM_ECC_CURVE> curves = [];
        TpmReader reader = new(GetCapability(8, 0, 64, out _));
        while (reader.Rest.Length > 0)
        {
            curves.Add((TPM_ECC_CURVE)reader.ReadUInt16());
        }

        return curves;
    }

    // TPM2_TestParms (Part 3, 30.3): TPMT_PUBLIC_PARMS parameters (type and its parameters)

    /// <summary>Whether the TPM makes RSA signing keys of <paramref name="keyBits"/>.</summary>
    public bool TestRsaParms(int keyBits)
    {
        TpmWriter writer = Parameters();
        writer.WriteAlg(TPM_ALG.RSA);
        writer.WriteAlg(TPM_ALG.NULL);
        writer.WriteAlg(TPM_ALG.NULL);
        writer.WriteUInt16((ushort)keyBits);
        writer.WriteUInt32(0);
        try
        {
            new TpmReader(Execute(TPM_CC.TestParms, [], writer, TpmAuthorization.None)).End();
            return true;
        }
        catch (TpmException e) when (e.Code is { } code && !code.Is(TPM_RC.INITIALIZE))
        {
            return false;
        }
    }

    // TPM2_ReadClock (Part 3, 29.1) → TPMS_TIME_INFO: UINT64 time, TPMS_CLOCK_INFO (UINT64 clock, UINT32 resetCount,
    // UINT32 restartCount, TPMI_YES_NO safe)

    /// <summary>How often the TPM was reset and restarted: objects and sessions live only between two such
    /// events.</summary>
    public (uint ResetCount, uint RestartCount) ReadClock()
    {
        TpmReader reader = new(Execute(TPM_CC.ReadClock, [], Parameters(), TpmAuthorization.None));
        reader.ReadUInt64();
        reader.ReadUInt64();
        return (reader.ReadUInt32(), reader.ReadUInt32());
    }

    // TPM2_PCR_Read (Part 3, 22.4)                response
    //   TPML_PCR_SELECTION pcrSelectionIn           UINT32 pcrUpdateCounter
    //                                               TPML_PCR_SELECTION pcrSelectionOut
    //                                               TPML_DIGEST pcrValues

    /// <summary>Reads PCRs under the session's HMAC, so that nobody on the bus chooses the policy of a new
    /// key.</summary>
    /// <returns>The values in order of their index, joined.</returns>
    public byte[] PCR_Read(TpmPcrSelection pcrs, TpmSession session)
    {
        int digestBytes = TpmHash.SizeBytes(pcrs.Hash);
        byte[] values = new byte[digestBytes * BitOperations.PopCount(pcrs.Mask)];
        int read = 0;
        for (uint left = pcrs.Mask; left != 0;)
        {
            uint asked = LowestEight(left);
            TpmWriter writer = Parameters();
            pcrs.With(asked).Write(ref writer);
            TpmReader reader = new(Execute(
                TPM_CC.PCR_Read, [], writer, TpmAuthorization.With(session, [], TPMA_SESSION.audit)));
            reader.ReadUInt32();
            uint answered = TpmPcrSelection.Read(ref reader, pcrs.Hash).Mask;
            if (answered != asked || reader.ReadUInt32() != BitOperations.PopCount(asked))
            {
                throw new TpmException($"The TPM does not have the selected PCRs in its {pcrs.Hash} bank.");
            }

            for (uint rest = asked; rest != 0; rest &= rest - 1, read += digestBytes)
            {
                ReadOnlySpan<byte> value = reader.ReadTpm2B();
                if (value.Length != digestBytes)
                {
                    throw new TpmException("The TPM answered a PCR of the wrong size.");
                }

                value.CopyTo(values.AsSpan(read));
            }

            reader.End();
            left &= ~asked;
        }

        return values;
    }

    // A TPML_DIGEST holds eight.
    private static uint LowestEight(uint mask)
    {
        uint lowest = 0;
        for (int i = 0; i < 8 && mask != 0; i++, mask &= mask - 1)
        {
            lowest |= mask & (~mask + 1);
        }

        return lowest;
    }

    private ReadOnlySpan<byte> GetCapability(uint capability, uint property, int propertyCount, out bool more)
    {
        TpmWriter writer = Parameters();
        writer.WriteUInt32(capability);
        writer.WriteUInt32(property);
        writer.WriteUInt32((uint)propertyCount);
        TpmReader reader = new(Execute(TPM_CC.GetCapability, [], writer, TpmAuthorization.None));
        more = reader.ReadUInt8() != 0;
        if (reader.ReadUInt32() != capability || reader.ReadUInt32() > MaxAnswers)
        {
            throw new TpmException("The TPM answered another capability than it was asked for.");
        }

        return reader.Rest;
    }
}
