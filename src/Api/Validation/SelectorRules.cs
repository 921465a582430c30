namespace Sluice.Api.Validation;

/// <summary>Label selectors.</summary>
internal static class SelectorRules
{
    public static void Check(string path, LabelSelector selector, Fail fail)
    {
        foreach (var (key, value) in selector.MatchLabels)
        {
            CheckKey($"{path}.matchLabels[{key}]", key, fail);
            CheckValue($"{path}.matchLabels[{key}]", value, fail);
        }
        for (var i = 0; i < selector.MatchExpressions.Count; i++)
            CheckExpression($"{path}.matchExpressions[{i}]", selector.MatchExpressions[i], fail);
    }

    private static void CheckExpression(string path, LabelSelectorRequirement expression, Fail fail)
    {
        CheckKey($"{path}.key", expression.Key, fail);
        switch (expression.Operator)
        {
            case "In" or "NotIn" when expression.Values.Count == 0:
                fail($"{path}.values", $"is required with {expression.Operator}: list at least one value");
                break;
            case "Exists" or "DoesNotExist" when expression.Values.Count > 0:
                fail($"{path}.values", $"must be empty with {expression.Operator}: remove the values or use In or NotIn");
                break;
            case "In" or "NotIn" or "Exists" or "DoesNotExist":
                break;
            default:
                fail($"{path}.operator", $"\"{expression.Operator}\" must be In, NotIn, Exists or DoesNotExist");
                break;
        }
        for (var i = 0; i < expression.Values.Count; i++)
            CheckValue($"{path}.values[{i}]", expression.Values[i], fail);
    }

    private static void CheckKey(string path, string key, Fail fail)
    {
        if (!NameRules.IsQualified(key))
            fail(path, $"\"{key}\" is not a label's name: write [prefix/]name");
    }

    private static void CheckValue(string path, string value, Fail fail)
    {
        if (value.Length > 0 && (value.Contains('/', StringComparison.Ordinal) || !NameRules.IsQualified(value)))
            fail(path, $"\"{value}\" is not a label's value: use at most 63 letters, digits, '-', '_' and '.'");
    }
}
