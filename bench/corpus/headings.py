"""Each field with the headings it goes by in real workbooks, the official one first."""

ORDER_HEAD = """
orderNo 订单编号 订单号 交易订单号
ebpCode 电商平台代码 平台代码
ebpName 电商平台名称 平台名称
ebcCode 电商企业代码 电商企业编号
ebcName 电商企业名称 电商名称
goodsValue 商品价格 商品金额 商品总金额
freight 运杂费 运费 邮费
discount 非现金抵扣金额 优惠金额 抵扣金额
taxTotal 代扣税款 税款 税费
acturalPaid 实际支付金额 实付金额 实付款
currency 币制
buyerRegNo 订购人注册号 平台注册号
buyerName 订购人姓名 订购人
buyerTelephone 订购人电话 订购人手机号
buyerIdType 订购人证件类型 证件类型
buyerIdNumber 订购人证件号码 身份证号码 证件号码
payCode 支付企业代码 支付企业编号
payName 支付企业名称 支付公司名称
payTransactionId 支付交易编号 支付流水号
consignee 收货人姓名 收货人 收件人
consigneeTelephone 收货人电话 收货人手机号
consigneeAddress 收货地址 收货人地址
consigneeDistrict 收货地址行政区划代码
"""
ORDER_LINE = """
gnum 商品序号 序号 项号
itemNo 企业商品货号 货号 SKU
itemName 企业商品名称 商品名称 品名
gmodel 商品规格型号 规格型号
barCode 条形码 条码
unit 单位 计量单位
qty 数量 商品数量
price 单价 商品单价
totalPrice 总价 小计
country 原产国 原产国（地区） 原产国代码
"""
INVENTORY_HEAD = """
orderNo 订单编号 订单号
copNo 企业内部编号 企业唯一编号
ebpCode 电商平台代码 平台代码
ebpName 电商平台名称 平台名称
ebcCode 电商企业代码 电商企业编号
ebcName 电商企业名称 电商名称
logisticsNo 物流运单编号 运单号 快递单号
logisticsCode 物流企业代码 物流企业编号
logisticsName 物流企业名称 物流公司名称
assureCode 担保企业编号 担保企业代码
emsNo 账册编号 账册号
declTime 申报日期
customsCode 申报海关代码 申报地海关代码 关区代码
portCode 口岸海关代码 进出口岸代码
ieDate 进口日期 进境日期
buyerIdType 订购人证件类型 证件类型
buyerIdNumber 订购人证件号码 身份证号码
buyerName 订购人姓名 订购人
buyerTelephone 订购人电话 订购人手机号
consigneeAddress 收件地址 收货地址
agentCode 申报企业代码 申报单位代码
agentName 申报企业名称 申报单位名称
areaCode 区内企业代码
areaName 区内企业名称
tradeMode 贸易方式 监管方式
trafMode 运输方式 运输方式代码
trafNo 运输工具编号 运输工具名称
voyageNo 航班航次号 航次号
billNo 提运单号 提单号
country 起运国（地区） 启运国 起运国
freight 运费
insuredFee 保费 保价费
currency 币制
wrapType 包装种类代码 包装种类
packNo 件数
grossWeight 毛重（公斤） 毛重 毛重(KG)
netWeight 净重（公斤） 净重 净重(KG)
"""
INVENTORY_LINE = """
gnum 序号 商品序号 项号
itemRecordNo 账册备案料号 备案料号
itemNo 企业商品货号 货号
itemName 企业商品品名 企业商品名称
gcode 商品编码 HS编码 税号
gname 商品名称 品名 报关品名
gmodel 商品规格型号 规格型号
barCode 条码 条形码
country 原产国（地区） 原产国
qty 数量 商品数量
unit 计量单位 单位
qty1 法定数量 第一法定数量
unit1 法定计量单位 第一法定计量单位
qty2 第二数量 法定第二数量
unit2 第二计量单位 法定第二计量单位
price 单价 成交单价
totalPrice 总价 商品总价
"""

PAYMENT = """
payCode 支付企业代码 支付企业编号
payName 支付企业名称 支付公司名称
payTransactionId 支付交易编号 支付流水号
orderNo 订单编号 订单号
ebpCode 电商平台代码 平台代码
ebpName 电商平台名称 平台名称
payerIdType 支付人证件类型
payerIdNumber 支付人证件号码 支付人身份证号
payerName 支付人姓名 付款人姓名
telephone 支付人电话 支付人手机号
amountPaid 支付金额 付款金额
currency 支付币制 币制
payTime 支付时间 付款时间
"""
WAYBILL = """
logisticsCode 物流企业代码 物流企业编号
logisticsName 物流企业名称 物流公司名称
logisticsNo 物流运单编号 运单号 快递单号
billNo 提运单号 提单号
orderNo 订单编号 订单号
freight 运费
insuredFee 保价费 保费
currency 币制
weight 毛重 毛重(KG) 包裹重量
packNo 件数 包裹数
goodsInfo 主要货物信息 货物信息
consignee 收货人姓名 收货人 收件人
consigneeAddress 收货地址 收件地址
consigneeTelephone 收货人电话 收件人电话
"""
STATUS = """
logisticsCode 物流企业代码 物流企业编号
logisticsName 物流企业名称 物流公司名称
logisticsNo 物流运单编号 运单号
logisticsStatus 物流运单状态 物流状态
logisticsTime 物流状态时间 签收时间
"""
APPLICATION = """
customsCode 申报海关代码 申报关区代码
orderNo 订单编号 订单号
ebpCode 电商平台代码 平台代码
ebpName 电商平台名称 平台名称
ebcCode 电商企业代码 电商企业编号
ebcName 电商企业名称 电商名称
logisticsNo 物流运单编号 运单号
logisticsCode 物流企业代码 物流企业编号
logisticsName 物流企业名称 物流公司名称
copNo 企业内部编号 内部编号
invtNo 清单编号 原清单编号 海关清单编号
buyerIdType 订购人证件类型 证件类型
buyerIdNumber 订购人证件号码 身份证号码
buyerName 订购人姓名 订购人
buyerTelephone 订购人电话 订购人手机号
agentCode 申报企业代码 申报单位代码
agentName 申报企业名称 申报单位名称
"""
CANCEL = APPLICATION + "reason 撤单原因 撤销原因\n"
RETURN_HEAD = APPLICATION + "reason 退货原因 退货理由\n"
RETURN_LINE = """
gnum 序号 商品序号
gcode 商品编码 HS编码
gname 商品名称 品名
qty 数量 退货数量
unit 计量单位 单位
"""
DELIVERY_HEAD = """
customsCode 申报海关代码 申报关区代码
copNo 企业内部编号 内部编号
operatorCode 监管场所经营人代码
operatorName 监管场所经营人名称
ieFlag 进出口标记
trafMode 运输方式 运输方式代码
trafNo 运输工具编号
voyageNo 航班航次号 航次号
billNo 提运单号 提单号
logisticsCode 物流企业代码 物流企业编号
logisticsName 物流企业名称 物流公司名称
unloadLocation 卸货库位
"""
DELIVERY_LINE = """
gnum 序号
logisticsNo 物流运单编号 运单号
"""
