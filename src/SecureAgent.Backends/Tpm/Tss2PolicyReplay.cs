using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>Between the policy commands of a key file and the policy that a <see cref="TpmConnection"/> replays:
/// TPM2_PolicyPCR, then TPM2_PolicyAuthValue if a PIN is needed too.</summary>
/// <remarks>The published description of CommandPolicy is "a fully marshalled, TPM ordered, command body", which is
/// <c>TPM2B_DIGEST pcrDigest, TPML_PCR_SELECTION pcrs</c>; that is written. openssl_tpm2_engine writes the selection
/// first and the digest behind it without a size; both are read, and no bytes are valid as both.</remarks>
internal static class Tss2PolicyReplay
{
    private const uint TPM_CC_PolicyPassword = 0x0000_018C;
    private const int PcrSelectBytes = 3;

    /// <summary>The policy of <paramref name="file"/>, or <see langword="null"/> if it has none.</summary>
    /// <exception cref="BackendException">It needs a command that cannot be replayed here.</exception>
    public static TpmPolicy? Read(Tss2PrivateKeyFile file, string fileName)
    {
        if (file.AuthPolicy.Count > 0)
        {
            throw Unsupported(fileName, "a signed policy (TPM2_PolicyAuthorize)");
        }

        if (file.Policy.Count == 0)
        {
            return null;
        }

        if (file.Policy[0].CommandCode != (uint)TPM_CC.PolicyPCR)
        {
            throw Unsupported(fileName, $"the policy command 0x{file.Policy[0].CommandCode:X8} before any other");
        }

        TpmPcrSelection pcrs = ReadPcrs(file.Policy[0].CommandPolicy.Span, fileName);
        if (file.Policy.Count == 1)
        {
            return new TpmPolicy(pcrs, AuthValue: false);
        }

        // TPM2_PolicyPassword makes the same policy digest as TPM2_PolicyAuthValue (Part 3, 23.18); the latter keeps
        // the PIN off the bus.
        return file.Policy.Count == 2
            && file.Policy[1].CommandCode is (uint)TPM_CC.PolicyAuthValue or TPM_CC_PolicyPassword
            ? new TpmPolicy(pcrs, AuthValue: true)
            : throw Unsupported(fileName, $"the policy command 0x{file.Policy[1].CommandCode:X8} after its PCRs");
    }

    /// <summary>The policy commands of <paramref name="policy"/> for a key file.</summary>
    public static IReadOnlyList<Tss2Policy> Write(TpmPolicy policy, ReadOnlySpan<byte> pcrDigest)
    {
        Tss2Policy pcr = new((uint)TPM_CC.PolicyPCR, WritePcrs(policy.Pcrs, pcrDigest));
        Tss2Policy authValue = new((uint)TPM_CC.PolicyAuthValue, ReadOnlyMemory<byte>.Empty);
        return policy.AuthValue ? [pcr, authValue] : [pcr];
    }

    /// <summary>The PCRs in words, such as <c>sha256:0,2,7</c>.</summary>
    public static string Describe(TpmPcrSelection pcrs) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{pcrs.Hash.ToString().ToLowerInvariant()}:{string.Join(',', pcrs.Indices)}");

    /// <summary>Reads the text of a <c>--pcr</c> option, such as <c>sha256:0,2,7</c> or <c>0,2,7</c>.</summary>
    /// <exception cref="BackendException">It is none.</exception>
    public static TpmPcrSelection ParseList(string list)
    {
        string[] parts = list.Split(':');
        string bank = parts.Length == 2 ? parts[0] : "sha256";
        TPM_ALG? hash = bank.ToLowerInvariant() switch
        {
            "sha1" => TPM_ALG.SHA1,
            "sha256" => TPM_ALG.SHA256,
            "sha384" => TPM_ALG.SHA384,
            "sha512" => TPM_ALG.SHA512,
            _ => null,
        };
        List<int> indices = [];
        foreach (string index in parts[^1].Split(','))
        {
            bool parsed = int.TryParse(index, System.Globalization.NumberStyles.None,
                System.Globalization.CultureInfo.InvariantCulture, out int pcr);
            if (!parsed || pcr >= PcrSelectBytes * 8 || parts.Length > 2 || hash is null)
            {
                throw new BackendException(BackendFailure.Refused,
                    $"\"{list}\" is no list of PCRs: write the bank and numbers from 0 to 23, such as sha256:0,2,7.");
            }

            indices.Add(pcr);
        }

        return new TpmPcrSelection(hash.GetValueOrDefault(), indices);
    }

    private static TpmPcrSelection ReadPcrs(ReadOnlySpan<byte> body, string fileName)
    {
        try
        {
            TpmReader reader = new(body);
            reader.ReadTpm2B();
            TpmPcrSelection pcrs = ReadSelection(ref reader, fileName);
            reader.End();
            return pcrs;
        }
        catch (TpmException)
        {
            return ReadEnginePcrs(body, fileName);
        }
    }

    private static TpmPcrSelection ReadEnginePcrs(ReadOnlySpan<byte> body, string fileName)
    {
        try
        {
            TpmReader reader = new(body);
            return ReadSelection(ref reader, fileName);
        }
        catch (TpmException exception)
        {
            throw new BackendException(BackendFailure.Refused,
                $"The key file {fileName} cannot be used: the PCRs of its policy do not parse.", exception);
        }
    }

    // TPML_PCR_SELECTION: UINT32 count, then TPMS_PCR_SELECTION { TPMI_ALG_HASH hash, UINT8 size, BYTE[size] bits }.
    private static TpmPcrSelection ReadSelection(ref TpmReader reader, string fileName)
    {
        uint count = reader.ReadUInt32();
        TPM_ALG hash = reader.ReadAlg();
        ReadOnlySpan<byte> bits = reader.ReadBytes(reader.ReadUInt8());
        if (!TpmHash.IsSupported(hash) || bits.Length > 4)
        {
            throw new TpmException("A PCR selection names an unknown bank.");
        }

        if (count != 1 || (bits.Length == 4 && bits[3] != 0))
        {
            throw Unsupported(fileName, "PCRs of several banks, or above 23");
        }

        List<int> indices = [];
        for (int pcr = 0; pcr < Math.Min(bits.Length, PcrSelectBytes) * 8; pcr++)
        {
            if ((bits[pcr / 8] >> (pcr % 8) & 1) != 0)
            {
                indices.Add(pcr);
            }
        }

        return indices.Count > 0 ? new TpmPcrSelection(hash, indices) : throw Unsupported(fileName, "no PCR at all");
    }

    private static byte[] WritePcrs(TpmPcrSelection pcrs, ReadOnlySpan<byte> pcrDigest)
    {
        TpmWriter writer = new(stackalloc byte[128]);
        writer.WriteTpm2B(pcrDigest);
        pcrs.Write(ref writer);
        return writer.Written.ToArray();
    }

    private static BackendException Unsupported(string fileName, string what) => new(BackendFailure.Refused,
        $"The key file {fileName} cannot be used: its policy needs {what}, which this version cannot replay.");
}
