using System.Globalization;

namespace SecureAgent.Bench;

/// <summary>Several runs of one measurement: their median, and how far they lie apart.</summary>
internal sealed class Spread(IEnumerable<double> runs)
{
    private readonly double[] _sorted = [.. runs.Order()];

    /// <summary>The middle run.</summary>
    public double Median => Quantile(0.5);

    /// <summary>The value that a share of the runs does not exceed.</summary>
    public double Quantile(double share) => _sorted[(int)Math.Round(share * (_sorted.Length - 1))];

    /// <summary>Median, and smallest to largest in brackets.</summary>
    public string Text(string format) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Format(Median, format)} ({Format(_sorted[0], format)}–{Format(_sorted[^1], format)})");

    private static string Format(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
